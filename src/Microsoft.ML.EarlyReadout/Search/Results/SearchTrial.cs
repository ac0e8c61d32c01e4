using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A trial of a search: settings, and what became of them.</summary>
public sealed record SearchTrial
{
    /// <summary>Its number; 0 is plain training as the trainer's options have it.</summary>
    public required int Number { get; init; }

    /// <summary>Whether it is plain training.</summary>
    public required bool IsPlain { get; init; }

    /// <summary>
    /// What it sets of the trainer's options, as <see cref="TrainingHistory.Settings"/>: by name, nested ones with dots, such as
    /// <c>Readout.Stage</c>; values as JSON.
    /// </summary>
    [JsonConverter(typeof(SettingsConverter))]
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Its main learning rate as gradient descent counts it: what a space draws its other rates as multiples of.</summary>
    public required double LearningRate { get; init; }

    /// <summary>What became of it.</summary>
    public required TrialState State { get; init; }

    /// <summary>The steps of the rung to which it was trained.</summary>
    public required long Steps { get; init; }

    /// <summary>The mean over its seeds of the score at that rung, in [0, 1].</summary>
    public required double Score { get; init; }

    /// <summary>The mean at each rung up to that one.</summary>
    public required IReadOnlyList<double> RungScores { get; init; }

    /// <summary>Its runs, by seed.</summary>
    public required IReadOnlyList<TrialRun> Runs { get; init; }

    /// <summary>Its runs on fresh seeds; empty but for the two trials that were compared on them.</summary>
    public required IReadOnlyList<TrialRun> Confirmation { get; init; }
}
