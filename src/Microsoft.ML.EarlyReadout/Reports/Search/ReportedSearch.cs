using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A search's result as its page reads it.</summary>
internal sealed class ReportedSearch(SearchResult result)
{
    private const int MostBeside = 2;

    public SearchResult Result => result;

    /// <summary>The figure of validation, in words.</summary>
    public string Figure { get; } = MetricName.Of(result.Selection);

    /// <summary>All steps.</summary>
    public int Steps => result.RungSteps[^1];

    /// <summary>The trials that came furthest first, and the highest figure first among them.</summary>
    public IReadOnlyList<SearchTrial> Ranked { get; } =
        [.. result.Trials.OrderByDescending(trial => trial.Steps).ThenByDescending(trial => trial.Score).ThenBy(trial => trial.Number)];

    /// <summary>The trials that were compared in the end: the best plain one and, where there is one, the best other.</summary>
    public IReadOnlyList<SearchTrial> Finalists { get; } = result.BestOther is { } other ? [result.BestPlain, other] : [result.BestPlain];

    /// <summary>The options that trials set, by name.</summary>
    public IReadOnlyList<string> Options { get; } =
        [.. result.Trials.OrderBy(trial => trial.IsPlain).SelectMany(trial => trial.Settings.Keys).Distinct()];

    /// <summary>What a trial is called.</summary>
    public string NameOf(SearchTrial trial) =>
        !trial.IsPlain ? FormattableString.Invariant($"trial {trial.Number}")
        : result.Trials.Count(each => each.IsPlain) == 1 ? result.PlainName
        : FormattableString.Invariant($"{result.PlainName}, trial {trial.Number}");

    /// <summary>What became of a trial, in words.</summary>
    public string StateOf(SearchTrial trial)
    {
        int lost = trial.Runs.Count(run => run.Fault is not null);
        string state = trial.State switch
        {
            TrialState.Stopped => "stopped",
            TrialState.Diverged => FormattableString.Invariant($"diverged, {lost} of {trial.Runs.Count}"),
            TrialState.Failed => FormattableString.Invariant($"failed, {lost} of {trial.Runs.Count}"),
            TrialState.Finished => ReferenceEquals(trial, result.Best) ? "chosen" : "finished",
            _ => throw new UnreachableException($"No state {trial.State}."),
        };
        return trial.IsPlain ? $"{state}; plain" : state;
    }

    /// <summary>The runs that a trial is compared by in the end: on fresh seeds where there are some.</summary>
    public static IReadOnlyList<TrialRun> Compared(SearchTrial trial) => trial.Confirmation.Count > 0 ? trial.Confirmation : trial.Runs;

    /// <summary>A setting as people read it; <see langword="null"/> where the trial leaves it to the trainer's options.</summary>
    public static string? Setting(SearchTrial trial, string option) => trial.Settings.GetValueOrDefault(option)?.Trim('"');

    /// <summary>A setting as a number; <see langword="null"/> where it is none, or left to the trainer's options.</summary>
    public static double? Number(SearchTrial trial, string option) =>
        double.TryParse(Setting(trial, option), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

    /// <summary>A curve as the mean of runs, as far as all of them came.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="value">The value at a point; <see langword="null"/> where there is none.</param>
    private static IReadOnlyList<(double X, double Y)> Mean(IReadOnlyList<TrialRun> runs, Func<CurvePoint, double?> value) =>
    [
        .. from point in runs.SelectMany(run => run.Curve)
           group value(point) by point.Step into step
           where step.Count() == runs.Count && !step.Contains(null)
           orderby step.Key
           select ((double)step.Key, step.Average()!.Value),
    ];

    /// <summary>The validation figure along the steps in %, as the mean of runs.</summary>
    public static IReadOnlyList<(double X, double Y)> Curve(IReadOnlyList<TrialRun> runs) => Mean(runs, point => 100 * point.Score);

    /// <summary>A loss along the steps, as the mean of a trial's seeds.</summary>
    public static IReadOnlyList<(double X, double Y)> Loss(SearchTrial trial, string name, double factor = 1) =>
        Mean(trial.Runs, point => point.Losses.TryGetValue(name, out double loss) ? factor * loss : null);

    /// <summary>A handful of trials to look at closely: plain training, the best other, those next to it and the last.</summary>
    public IReadOnlyList<SearchTrial> InDetail()
    {
        SearchTrial[] others = [.. Ranked.Where(trial => !trial.IsPlain && trial.Runs.All(run => run.Curve.Count > 0)).Except(Finalists)];
        return [.. Finalists, .. others.Take(MostBeside), .. others.Skip(MostBeside).TakeLast(MostBeside)];
    }
}
