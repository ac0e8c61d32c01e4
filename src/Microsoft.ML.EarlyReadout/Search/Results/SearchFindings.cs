namespace Microsoft.ML.EarlyReadout;

/// <summary>What a search has found, as its result shows it.</summary>
internal sealed record SearchFindings
{
    public required string Trainer { get; init; }

    public required int Classes { get; init; }

    public required IReadOnlyList<Meter> Meters { get; init; }

    public required string PlainName { get; init; }

    public required SelectionMetric Selection { get; init; }

    public required IReadOnlyList<int> RungSteps { get; init; }

    public required IReadOnlyList<string> Multiples { get; init; }

    public required IReadOnlyList<SearchTrial> Trials { get; init; }

    public required int BestPlain { get; init; }

    public required int? BestOther { get; init; }

    public required SearchGain? Gain { get; init; }

    public required IReadOnlyList<SearchGroup> Groups { get; init; }

    public required bool AreGroupsKnown { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }
}
