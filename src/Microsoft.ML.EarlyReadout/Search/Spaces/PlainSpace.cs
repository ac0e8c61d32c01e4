namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>What a search of plain training varies: its rates. The trainer's own, trial 0, are what the others are compared with.</summary>
public sealed record PlainSpace : ITrialSpace
{
    /// <summary>The main learning rate.</summary>
    /// <value>The default value is 1e-4 to 1e-1, the range of the random search that was released with the feature sieve.</value>
    public LogRange LearningRate { get; init; } = new(1e-4, 1e-1);

    /// <summary>The main weight decay.</summary>
    /// <value>The default value is 1e-6 to 1e-3, that search's range. <see langword="null"/>: not varied.</value>
    public LogRange? WeightDecay { get; init; } = new(1e-6, 1e-3);

    string ITrialSpace.PlainName => "training at the trainer's own rates";

    IReadOnlyDictionary<string, string> ITrialSpace.Plain => new Dictionary<string, string>();

    void ITrialSpace.AddFaults(OptionFaults faults)
    {
        LearningRate.AddFaults(faults, "Space.LearningRate");
        WeightDecay?.AddFaults(faults, "Space.WeightDecay");
    }

    // Plain training is what is searched here: none of its axes is another's.
    IReadOnlyList<Axis> ITrialSpace.Axes(SearchedNetwork network) =>
        [.. Axis.Main(LearningRate, WeightDecay).Select(axis => axis with { IsPlains = false })];
}
