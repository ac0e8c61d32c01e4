namespace Studies;

/// <summary>The final runs of a method at one setting, with figures for each seed of its study.</summary>
/// <param name="runs">The runs, by seed.</param>
internal sealed class ComparedMethod(IReadOnlyList<FinishedRun> runs)
{
    /// <summary>The method's name.</summary>
    public string Name => runs[0].Method;

    /// <summary>Its setting; empty where it has one only.</summary>
    public string Setting => runs[0].Settings;

    /// <summary>The runs, by seed.</summary>
    public IReadOnlyList<FinishedRun> Runs => runs;

    /// <summary>The figure that counts, by seed.</summary>
    public IReadOnlyList<double> Primary => [.. runs.Select(run => run.Primary!.Value)];

    /// <summary>The mean of a figure, or <see langword="null"/> where a run lacks it.</summary>
    public double? Mean(string figure) =>
        runs.All(run => run.Metrics.ContainsKey(figure)) ? runs.Average(run => run.Metrics[figure]) : null;

    /// <summary>
    /// A figure on validation rows, the mean over seeds: at the validation whose network was kept, and of all validations in the last third
    /// of the training. What the first is above the second is luck of the choice. <see langword="null"/> where a run lacks it.
    /// </summary>
    public (double Kept, double LastThird)? Course(string figure)
    {
        (double Kept, double LastThird)?[] each = [.. runs.Select(run => Course(run, figure))];
        return each.All(run => run is not null) ? (each.Average(run => run!.Value.Kept), each.Average(run => run!.Value.LastThird)) : null;
    }

    private static (double Kept, double LastThird)? Course(FinishedRun run, string figure)
    {
        IReadOnlyList<(long Step, double Value)> course = run.Course(figure);
        if (course.Count == 0) return null;
        // An older line does not say which was kept: it was the first of the highest by the mean of groups, the one figure that it has.
        double kept = run.Points is { } points
            ? course.Single(point => point.Step == points.Selected).Value
            : course.Max(point => point.Value);
        return (kept, course.Skip(course.Count * 2 / 3).Average(point => point.Value));
    }
}
