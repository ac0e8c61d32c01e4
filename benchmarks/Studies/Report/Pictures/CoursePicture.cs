using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// How the final runs of a study went: what validation rows said, and, where the lines have it, how far forgetting went and what the
/// readout saw. Plain training and the sieve, a thin line a seed and a thick one for the mean.
/// </summary>
internal static class CoursePicture
{
    private const string Forget = "forget";
    private const string Forgotten = "forgotten";
    private const string ReadoutAccuracy = "readout accuracy";
    private const double Percent = 100;
    private static readonly string[] Shown = ["plain", "sieve", "sieve-joint"]; // the place is the style

    /// <summary>The file's text; <see langword="null"/> where the lines have nothing to draw.</summary>
    public static string? Of(StudyComparison study)
    {
        ComparedMethod[] methods = [.. study.Methods.Where(method => Shown.Contains(method.Name))];
        (string figure, string column) = (study.CourseFigure.Name, study.CourseFigure.Figure);
        Markup[] charts =
        [
            .. Draw(study, "validation", $"{figure}, validation rows (%)", methods.Select(method =>
                new Curves(method.Name, Style(method), Of(method, run => run.Course(column), Percent)))),
            .. Draw(study, Forget, "forgetting loss (nats)",
            [
                .. methods.Select(method => new Curves($"{method.Name}, before", Style(method), Of(method, run => run.Loss(Forget), 1))),
                .. methods.Select(method => new Curves($"{method.Name}, after", Shown.Length, Of(method, run => run.Loss(Forgotten), 1))),
            ]),
            .. Draw(study, "readout", "accuracy of the sieve's readout, training rows (%)", methods.Select(method =>
                new Curves(method.Name, Style(method), Of(method, run => run.Loss(ReadoutAccuracy), Percent)))),
        ];
        return charts.Length > 0 ? Picture.Of(charts) : null;
    }

    private static IEnumerable<Markup> Draw(StudyComparison study, string what, string axis, IEnumerable<Curves> all)
    {
        Curves[] drawn = [.. all.Where(curves => curves.Seeds.Count > 0)];
        if (drawn.Length == 0) yield break;
        yield return new LineChart(
            $"{study.Name}: {axis}", "steps", axis,
            [.. drawn.Select(curves => new Series(curves.Name, curves.Mean) { Style = curves.Style })])
        {
            Bundles =
            [
                .. from curves in drawn
                   where curves.Style < Shown.Length
                   select new Bundle(
                       $"seeds of {Shown[curves.Style]}", FormattableString.Invariant($"trial of{curves.Style}"), curves.Seeds),
            ],
            Level = what == Forget && study.Classes is { } classes
                ? (FormattableString.Invariant($"bound, log {classes}"), Math.Log(classes))
                : null,
        }.Draw($"{study.FileName}-{what}");
    }

    private static int Style(ComparedMethod method) => Array.IndexOf(Shown, method.Name);

    /// <summary>A curve a seed; none where a run has nothing to tell.</summary>
    private static IReadOnlyList<IReadOnlyList<(double X, double Y)>> Of(
        ComparedMethod method, Func<FinishedRun, IReadOnlyList<(long Step, double Value)>> course, double factor)
    {
        (double, double)[][] curves =
        [
            .. method.Runs.Select(run => course(run).Select(point => ((double)point.Step, factor * point.Value)).ToArray()),
        ];
        return curves.All(points => points.Length > 0) ? curves : [];
    }

    private sealed record Curves(string Name, int Style, IReadOnlyList<IReadOnlyList<(double X, double Y)>> Seeds)
    {
        /// <summary>The mean where every seed has a value.</summary>
        public IReadOnlyList<(double X, double Y)> Mean =>
        [
            .. from point in Seeds.SelectMany(seed => seed)
               group point.Y by point.X into step
               where step.Count() == Seeds.Count
               orderby step.Key
               select (step.Key, step.Average()),
        ];
    }
}
