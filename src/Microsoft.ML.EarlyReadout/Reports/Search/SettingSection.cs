using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The figure against each setting that was varied.</summary>
internal static class SettingSection
{
    private const int Parts = 4;
    private static readonly int[] StoppedStyles = [6, 5, 3];
    private const double SpreadOver = 0.6; // of the room of a name

    public static Markup Write(ReportedSearch search)
    {
        SearchResult result = search.Result;
        SettingAxis[] axes = [.. search.Options.Select(option => SettingAxis.Of(result, option)).OfType<SettingAxis>()];
        if (axes.Length == 0) return Markup.Empty;
        string stopped = !result.Trials.Any(trial => trial.State == TrialState.Stopped) ? "" : FormattableString.Invariant($"""
             A trial that was stopped stands at its figure where it was stopped, below what it would have come to; the tables compare all
            trials alike, after {result.RungSteps[0]} steps.
            """);
        return Markup.Of($"""
            <section aria-labelledby="settings"><h2 id="settings">What the settings do</h2>
            <p>Each dot is a trial. All settings vary at once, so look at where the upper edge of the dots lies, not at single ones: a
            setting matters where that edge bends, and a best trial at the end of an axis asks for a wider range.{stopped}</p>
            <div class="grid">
            {axes.Select((axis, i) => Scatter(search, axis, FormattableString.Invariant($"setting-{i}")))}
            </div></section>

            """);
    }

    private static Markup Scatter(ReportedSearch search, SettingAxis axis, string id)
    {
        SearchResult result = search.Result;
        (SearchTrial Trial, double At)[] places = [.. Spread(Places(result, axis), axis)];
        string plain = search.NameOf(result.BestPlain);
        string best = result.BestOther is { } other ? search.NameOf(other) + ", the best other" : "";
        Cloud[] clouds =
        [
            .. result.RungSteps.SkipLast(1).Select((steps, rung) => Of(
                FormattableString.Invariant($"stopped after {steps}"),
                StoppedStyles[rung % StoppedStyles.Length],
                trial => trial.State == TrialState.Stopped && trial.Steps == steps) with { IsQuiet = true }),
            new Cloud(
                "diverged or failed, at the lower edge",
                4,
                [.. places.Where(each => IsLost(each.Trial)).Select(each => (each.At, (double?)null))]),
            Of("finished", 2, trial => trial is { State: TrialState.Finished, IsPlain: false } && trial != result.BestOther),
            Of(result.PlainName, 0, trial => trial is { State: TrialState.Finished, IsPlain: true }),
            Of(best, 1, trial => !IsLost(trial) && trial == result.BestOther),
        ];
        double level = 100 * result.BestPlain.Score;
        var chart = new ScatterChart($"{search.Figure} by {axis.Option}", axis.Label, $"{search.Figure} (%)", axis.Scale, clouds)
        {
            XNames = axis.Names,
            Level = IsLost(result.BestPlain) ? null : (FormattableString.Invariant($"{plain}: {level:F1}"), level),
        };
        Markup caption = Markup.Of($"<b>{axis.Option}</b>: {search.Figure} in %, the mean of a trial's seeds; the dashed line is {plain}.");
        return Figure.Of(id, chart.Draw(id), caption, Numbers(search, axis));

        Cloud Of(string name, int style, Func<SearchTrial, bool> isOf) =>
            new(name, style, [.. places.Where(each => isOf(each.Trial)).Select(each => (each.At, (double?)(100 * each.Trial.Score)))]);
    }

    private static (SearchTrial Trial, double At)[] Places(SearchResult result, SettingAxis axis) =>
        [.. result.Trials.Where(trial => axis.At(trial) is not null).Select(trial => (trial, axis.At(trial)!.Value))];

    /// <summary>Spreads the trials of one name over its room, so that each can be seen.</summary>
    private static IEnumerable<(SearchTrial Trial, double At)> Spread((SearchTrial Trial, double At)[] places, SettingAxis axis) =>
        axis.Names is null ? places : places.GroupBy(each => each.At)
            .SelectMany(name => name.Select((each, i) => (each.Trial, each.At + (SpreadOver * (((i + 0.5) / name.Count()) - 0.5)))));

    /// <summary>What came of each value, or of each part of the axis, where all trials can be compared.</summary>
    private static Markup Numbers(ReportedSearch search, SettingAxis axis)
    {
        SearchResult result = search.Result;
        (SearchTrial Trial, double At)[] all = Places(result, axis);
        string rung = result.RungSteps[0].ToString(CultureInfo.InvariantCulture);
        string[] names = [.. axis.Names ?? Enumerable.Range(0, Parts).Select(part => $"{Number(part)} to {Number(part + 1)}")];
        IEnumerable<(string Name, SearchTrial[] Trials)> parts =
            names.Select((name, i) => (name, all.Where(each => PartOf(each.At) == i).Select(each => each.Trial).ToArray()));
        return Table.Of(
            $"{search.Figure} by {axis.Label}, %",
            [axis.Option, "Trials", $"Mean after {rung} steps", "Finished", "Best of those", "Diverged or failed"],
            parts.Where(part => part.Trials.Length > 0).Select(part => (IReadOnlyList<Markup>)
            [
                Table.Cell(part.Name),
                Markup.Of($"{part.Trials.Length}"),
                Table.Percent(part.Trials.Average(trial => trial.RungScores[0])),
                Markup.Of($"{part.Trials.Count(trial => trial.State == TrialState.Finished)}"),
                Table.Percent(part.Trials.Where(trial => trial.State == TrialState.Finished).Select(trial => (double?)trial.Score).Max()),
                Markup.Of($"{part.Trials.Count(IsLost)}"),
            ]));

        int PartOf(double at) => axis.Names is null ? Math.Clamp((int)(Parts * axis.Scale.At(at)), 0, Parts - 1) : (int)at;
        string Number(int part) => axis.Scale.ValueAt((double)part / Parts).ToString("G3", CultureInfo.InvariantCulture);
    }

    private static bool IsLost(SearchTrial trial) => trial.State is TrialState.Diverged or TrialState.Failed;
}
