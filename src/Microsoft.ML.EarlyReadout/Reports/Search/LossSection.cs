namespace Microsoft.ML.EarlyReadout;

/// <summary>What trainings told of themselves, a handful of them: the forgetting loss against its bound, and every other loss.</summary>
internal static class LossSection
{
    public static Markup Write(ReportedSearch search)
    {
        IReadOnlyList<SearchTrial> trials = search.InDetail();
        string[] names =
            [.. trials.SelectMany(trial => trial.Runs).SelectMany(run => run.Curve).SelectMany(point => point.Losses.Keys).Distinct()];
        if (names.Length == 0) return Markup.Empty;
        IEnumerable<string> others = names.Where(name => name is not (LossNames.Forget or LossNames.Forgotten))
            .OrderByDescending(LossNames.IsAccuracy).ThenBy(name => name, StringComparer.Ordinal);
        return Markup.Of($"""
            <section aria-labelledby="losses"><h2 id="losses">What happened inside</h2>
            <p>The two that were compared, those next to the best, and the last ones: the means of a trial's seeds between two
            validations.</p>
            <div class="grid">
            {Forgetting(search, trials)}
            {others.Select((name, i) => Loss(search, trials, name, FormattableString.Invariant($"loss-{i}")))}
            </div></section>

            """);
    }

    private static IEnumerable<Markup> Forgetting(ReportedSearch search, IReadOnlyList<SearchTrial> trials)
    {
        (SearchTrial Trial, Series Before, Series After)[] forgetting =
        [
            .. trials.Select(trial => (
                    trial,
                    new Series("before the step", ReportedSearch.Loss(trial, LossNames.Forget)),
                    new Series("after it", ReportedSearch.Loss(trial, LossNames.Forgotten))))
                .Where(each => each.Item2.Points.Count > 0),
        ];
        if (forgetting.Length == 0) yield break;
        double[] all =
        [
            Math.Log(search.Result.Classes),
            .. forgetting.SelectMany(each => each.Before.Points.Concat(each.After.Points)).Select(point => point.Y),
        ];
        double margin = 0.06 * (all.Max() - all.Min());
        foreach ((int i, (SearchTrial trial, Series before, Series after)) in forgetting.Index())
        {
            yield return new ForgettingFigure(Capitalised(search.NameOf(trial)), "steps", search.Result.Classes, before, after)
            {
                Range = (all.Min() - margin, all.Max() + margin),
            }.Draw(FormattableString.Invariant($"forgetting-{i}"));
        }
    }

    private static Markup Loss(ReportedSearch search, IReadOnlyList<SearchTrial> trials, string name, string id)
    {
        bool isShare = LossNames.IsAccuracy(name), isWeight = name == LossNames.Weight;
        double factor = isShare ? 100 : 1;
        Series[] lines =
        [
            .. trials.Select((trial, i) => new Series(search.NameOf(trial), ReportedSearch.Loss(trial, name, factor)) { Style = i })
                .Where(line => line.Points.Count > 0),
        ];
        if (lines.Length == 0) return Markup.Empty;
        string what = isShare || isWeight ? name : name + " loss", unit = isShare ? " (%)" : isWeight ? "" : " (nats)";
        string said = isShare
            ? " in % of training rows"
            : isWeight ? ", the mean over training rows" : " in nats, the mean over training rows";
        var chart = new LineChart(Capitalised(what), "steps", what + unit, lines) { YRange = isShare ? (0, 100) : null };
        Markup caption = Markup.Of($"<b>{Capitalised(what)}</b>{said}, by steps.");
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of(Capitalised(what) + unit, "Steps", lines));
    }

    private static string Capitalised(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
