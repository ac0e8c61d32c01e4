namespace Quickstart;

/// <summary>A figure of a run: its name in records, its title in tables, and how to get it. All lie in [0, 1].</summary>
internal sealed record Figure(string Name, string Title, Func<Run, double> Value)
{
    /// <summary>All figures, in the order of the tables.</summary>
    public static readonly IReadOnlyList<Figure> All =
    [
        new("worstGroupAccuracy", "Worst group", run => run.Groups.WorstGroupAccuracy),
        new("averageAccuracy", "Average", run => run.Groups.AverageAccuracy),
        new("unbiasedAccuracy", "Unbiased (mean of groups)", run => run.Groups.UnbiasedAccuracy),
        new("agreeingAccuracy", "Background agrees", run => run.AgreeingAccuracy),
        new("conflictingAccuracy", "Background conflicts", run => run.ConflictingAccuracy),
    ];
}
