namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// What a search of debiased distillation varies. What counts most comes first: β, then α, then where the readout taps. Plain
/// distillation, in which all rows weigh alike, is always tried besides.
/// </summary>
public sealed record DistillationSpace : ITrialSpace
{
    /// <summary>β: how much wrong readouts count.</summary>
    /// <value>
    /// The default value is 0.5 to 6: the released values are 3 to 4, and a student with fresh weights bears less. At most 80.
    /// </value>
    public LogRange Beta { get; init; } = new(0.5, 6);

    /// <summary>α: how little the margin matters.</summary>
    /// <value>The default value is 0.01 to 2: the released values are 0.05 to 0.2, at which the weight of a wrong row is nearly e to the
    /// β; from 1 on it goes by the margin. <see langword="null"/>: not varied.</value>
    public LogRange? Alpha { get; init; } = new(0.01, 2);

    /// <summary>The stages of the student that its readout may read, from 1; those that the network does not have are left out.</summary>
    /// <value>The default value is <see langword="null"/>: all of the network's.</value>
    public int[]? Stages { get; init; }

    /// <summary>λ, the share of the teacher's term. Where it is varied, so is plain distillation's: every fifth trial is one.</summary>
    /// <value>The default value is <see langword="null"/>: not varied. From 0.5 to 1 is what makes sense; each from 0 to 1.</value>
    public double[]? Lambda { get; init; }

    /// <summary>The main learning rate; as for <see cref="Lambda"/>.</summary>
    /// <value>The default value is <see langword="null"/>: not varied.</value>
    public LogRange? LearningRate { get; init; }

    /// <summary>The main weight decay; as for <see cref="Lambda"/>.</summary>
    /// <value>The default value is <see langword="null"/>: not varied.</value>
    public LogRange? WeightDecay { get; init; }

    string ITrialSpace.PlainName => "plain distillation";

    IReadOnlyDictionary<string, string> ITrialSpace.Plain =>
        new Dictionary<string, string> { [nameof(DebiasedDistillationTrainer.Options.Method)] = $"\"{DistillationMethod.Plain}\"" };

    void ITrialSpace.AddFaults(OptionFaults faults)
    {
        Beta.AddFaults(faults, "Space.Beta");
        faults.InRange("Space.Beta.To", Beta.To, 0, ReadoutWeighting.LargestBeta);
        Alpha?.AddFaults(faults, "Space.Alpha");
        faults.Choices("Space.Stages", Stages, 1);
        if (Lambda is { Length: 0 }) faults.Add("Space.Lambda is empty; give at least one value, or null.");
        foreach (double lambda in Lambda ?? []) faults.InRange("Space.Lambda", lambda, 0, 1);
        LearningRate?.AddFaults(faults, "Space.LearningRate");
        WeightDecay?.AddFaults(faults, "Space.WeightDecay");
    }

    IReadOnlyList<Axis> ITrialSpace.Axes(SearchedNetwork network)
    {
        List<Axis> axes = [new(nameof(DebiasedDistillationTrainer.Options.Beta), null, Beta)];
        if (Alpha is { } alpha) axes.Add(new Axis(nameof(DebiasedDistillationTrainer.Options.Alpha), null, alpha));
        axes.Add(Axis.Stage(network, Stages));
        if (Lambda is { } lambda) axes.Add(new Axis(nameof(DebiasedDistillationTrainer.Options.Lambda), lambda) { IsPlains = true });
        return [.. axes, .. Axis.Main(LearningRate, WeightDecay)];
    }
}
