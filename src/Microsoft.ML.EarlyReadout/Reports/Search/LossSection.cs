namespace Microsoft.ML.EarlyReadout;

/// <summary>What trainings reported, a handful of them, as their steps declare it.</summary>
internal static class LossSection
{
    public static Markup Write(ReportedSearch search)
    {
        IReadOnlyList<SearchTrial> trials = search.InDetail();
        HashSet<string> names =
            [.. trials.SelectMany(trial => trial.Runs).SelectMany(run => run.Curve).SelectMany(point => point.Losses.Keys)];
        Meter[] meters = [.. search.Result.Meters.Where(meter => names.Contains(meter.Name))];
        if (meters.Length == 0) return Markup.Empty;
        IEnumerable<Meter> others = meters.Where(meter => meter.Chart is null)
            .OrderByDescending(meter => meter.Unit == MeterUnit.Share).ThenBy(meter => meter.Name, StringComparer.Ordinal);
        return Markup.Of($"""
            <section aria-labelledby="losses"><h2 id="losses">What happened inside</h2>
            <p>The two that were compared, those next to the best, and the last ones: the means of a trial's seeds between two
            validations.</p>
            <div class="grid">
            {meters.Where(meter => meter.Chart is not null).GroupBy(meter => (meter.Chart, meter.Unit))
                .SelectMany((shared, i) => Charts(search, trials, [.. shared], FormattableString.Invariant($"meters-{i}")))}
            {others.Select((meter, i) => Alone(search, trials, meter, FormattableString.Invariant($"loss-{i}")))}
            </div></section>

            """);
    }

    /// <summary>A chart that meters share, for each trial in the same range.</summary>
    private static IEnumerable<Markup> Charts(
        ReportedSearch search, IReadOnlyList<SearchTrial> trials, Meter[] meters, string id)
    {
        (MeterChart chart, MeterUnit unit) = (meters[0].Chart!, meters[0].Unit);
        (SearchTrial Trial, Series[] Lines)[] drawn =
        [
            .. trials.Select(trial => (trial, Lines(trial, meters))).Where(each => each.Item2.Length > 0),
        ];
        if (drawn.Length == 0) yield break;
        List<double> all = [.. drawn.SelectMany(each => each.Lines).SelectMany(line => line.Points).Select(point => point.Y)];
        if (MeterFigure.BoundOf(chart, unit) is { } bound) all.Add(bound);
        double margin = 0.06 * (all.Max() - all.Min());
        foreach ((int i, (SearchTrial trial, Series[] lines)) in drawn.Index())
        {
            yield return new MeterFigure(Capitalised.Of(search.NameOf(trial)), "steps", chart, unit, lines)
            {
                Range = (all.Min() - margin, all.Max() + margin),
            }.Draw(FormattableString.Invariant($"{id}-{i}"));
        }
    }

    private static Series[] Lines(SearchTrial trial, Meter[] meters) =>
    [
        .. meters.Select(meter => new Series(meter.Label, ReportedSearch.Loss(trial, meter.Name, meter.Unit.Factor())))
            .Where(line => line.Points.Count > 0),
    ];

    /// <summary>A meter, the trials side by side.</summary>
    private static Markup Alone(ReportedSearch search, IReadOnlyList<SearchTrial> trials, Meter meter, string id)
    {
        MeterUnit unit = meter.Unit;
        Series[] lines =
        [
            .. trials.Select((trial, i) =>
                    new Series(search.NameOf(trial), ReportedSearch.Loss(trial, meter.Name, unit.Factor())) { Style = i })
                .Where(line => line.Points.Count > 0),
        ];
        if (lines.Length == 0) return Markup.Empty;
        string what = meter.Label + (unit == MeterUnit.Nats ? " loss" : "");
        var chart = new LineChart(Capitalised.Of(what), "steps", what + unit.AtAxis(), lines)
        {
            YRange = unit == MeterUnit.Share ? (0, 100) : null,
        };
        string mean = unit == MeterUnit.Share ? "" : ", the mean over training rows";
        Markup caption = Markup.Of($"<b>{Capitalised.Of(what)}</b>{unit.InWords()}{mean}, by steps.");
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of(Capitalised.Of(what) + unit.AtAxis(), "Steps", lines));
    }
}
