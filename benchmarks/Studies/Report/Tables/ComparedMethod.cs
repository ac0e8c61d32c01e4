namespace Studies;

/// <summary>The final runs of a method at one setting, with figures for each seed of its study.</summary>
/// <param name="runs">The runs, by seed.</param>
internal sealed class ComparedMethod(IReadOnlyList<FinishedRun> runs)
{
    /// <summary>The method's name.</summary>
    public string Name => runs[0].Method;

    /// <summary>Its setting; empty where it has one only.</summary>
    public string Setting => runs[0].Settings;

    /// <summary>The figure that counts, by seed.</summary>
    public IReadOnlyList<double> Primary => [.. runs.Select(run => run.Primary!.Value)];

    /// <summary>Whether a figure is the one that counts.</summary>
    public bool IsPrimary(string figure) => runs.All(run => run.Metrics.TryGetValue(figure, out double value) && value == run.Primary);

    /// <summary>The mean of a figure, or <see langword="null"/> where a run lacks it.</summary>
    public double? Mean(string figure) =>
        runs.All(run => run.Metrics.ContainsKey(figure)) ? runs.Average(run => run.Metrics[figure]) : null;
}
