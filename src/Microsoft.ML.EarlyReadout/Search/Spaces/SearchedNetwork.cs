using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>What a space is cut to: the network that the data and the fixed options give, and the rates that those came to.</summary>
/// <param name="Name">The network's name.</param>
/// <param name="Stages">Its stages' names, in order.</param>
/// <param name="Readable">The stages, from 1, that a readout can read.</param>
/// <param name="MainRate">The main rate as gradient descent counts it, which other rates are multiples of.</param>
/// <param name="UsesSgd">Whether the main rate itself is one of gradient descent.</param>
[Experimental(ExperimentalId.OwnMethod)]
public sealed record SearchedNetwork(
    string Name, IReadOnlyList<string> Stages, IReadOnlyList<int> Readable, double MainRate, bool UsesSgd)
{
    /// <summary>The first stages that are left out because they are not trained, and the method has nothing to do there.</summary>
    internal int Frozen { get; init; }

    /// <summary>Looks at a training's network.</summary>
    /// <param name="session">The training.</param>
    /// <param name="settled">Its options, of which none is automatic any more.</param>
    internal static SearchedNetwork Of(TrainingSession session, TrainerOptions settled)
    {
        StagedNetwork network = session.Network;
        var facts = new TrainingFacts(network, settled.HasTrainedWeights, session.Training.Indices.Length);
        return new(
            network.GetName(),
            [.. network.Stages.Select(stage => stage.Name)],
            [
                .. Enumerable.Range(1, network.Stages.Count).Where(stage =>
                    stage >= settled.FirstReadoutStage && StageTap.CanRead(network, stage)),
            ],
            settled.DescentRate(facts),
            settled.Optimizer.Kind == OptimizerKind.Sgd)
        {
            Frozen = settled.FirstReadoutStage - 1,
        };
    }

    /// <summary>The stages of a space that this network has.</summary>
    /// <param name="asked">The stages that the space names; <see langword="null"/>: all.</param>
    /// <param name="option">What names them, for messages.</param>
    /// <exception cref="ArgumentException">It has none of them; the message says which it has.</exception>
    internal IReadOnlyList<int> Cut(int[]? asked, string option)
    {
        int[] left = [.. Readable.Where(stage => asked?.Contains(stage) ?? true)];
        if (left.Length > 0) return left;
        string wants = asked is null ? "all stages" : string.Join(", ", asked.Select(stage => FormattableString.Invariant($"{stage}")));
        throw new ArgumentException($"Nothing of the space can run: {option} is {wants}, and {ReadableStages()}.");
    }

    /// <summary>Requires that this network has the stage that settings name.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="option">What they are called in messages.</param>
    /// <exception cref="ArgumentException">It has not; the message says which it has.</exception>
    internal void RequireStage(IReadOnlyDictionary<string, string> settings, string option)
    {
        if (!settings.TryGetValue(TrialSettings.Stage, out string? stage)) return;
        if (!Readable.Contains(int.Parse(stage, CultureInfo.InvariantCulture)))
            throw new ArgumentException($"{option} cannot run: its {TrialSettings.Stage} is {stage}, and {ReadableStages()}.");
    }

    private string ReadableStages()
    {
        string has = string.Join(", ", Readable.Select(stage => FormattableString.Invariant($"{stage} ({Stages[stage - 1]})")));
        string frozen = Frozen == 0 ? "" : FormattableString.Invariant($", above the {Frozen} of Optimizer.FrozenStages");
        return $"a readout of {Name} can read {(has.Length == 0 ? "none of its stages" : $"the stages {has}")}{frozen}";
    }

    /// <summary>The main rate of a trial as gradient descent counts it.</summary>
    /// <param name="drawn">The learning rate that the trial has drawn, if there is one.</param>
    internal double MainRateOf(double? drawn) => UsesSgd && drawn is { } rate ? rate : MainRate;
}
