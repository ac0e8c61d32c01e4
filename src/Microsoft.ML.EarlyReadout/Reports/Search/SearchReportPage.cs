namespace Microsoft.ML.EarlyReadout;

/// <summary>Puts the sections of a report on a search together into one page.</summary>
internal static class SearchReportPage
{
    public static string Write(SearchResult result, string title)
    {
        var search = new ReportedSearch(result);
        int seeds = result.Trials[0].Runs.Count;
        string rungs = string.Join(", ", result.RungSteps.Select(steps => FormattableString.Invariant($"{steps}")));
        return Page.Of(
            title,
            Markup.Of($"""
                <p>{result.Trainer}: {result.Trials.Count} trials, {seeds} {(seeds == 1 ? "seed" : "seeds")} each, compared after {rungs}
                steps by the {search.Figure} on {result.ValidationRows} validation rows.</p>
                <div class="cards headline">{Headlines(search)}</div>
                """),
            Markup.Of($"""
                {ChoiceSection.Write(search)}
                {CurveSection.Write(search)}
                {SettingSection.Write(search)}
                {LossSection.Write(search)}
                {TrialSection.Write(search)}
                """),
            "These are figures of validation rows, which chose: report those of other rows.");
    }

    private static IEnumerable<Markup> Headlines(ReportedSearch search)
    {
        SearchResult result = search.Result;
        yield return Headline(search, result.BestPlain, 0);
        if (result.BestOther is { } other) yield return Headline(search, other, 1);
        if (result.Gain is { } gain)
        {
            string interval = gain is { Low: { } low, High: { } high }
                ? $"95 % interval {TextTable.Signed(100 * low)} to {TextTable.Signed(100 * high)}"
                : gain.DoSeedsAgree ? "no interval: all seeds give the same difference" : "no interval from one seed";
            yield return Markup.Of($"""
                <div class="card"><b>Gain</b>
                <p class="figure">{TextTable.Signed(100 * gain.Mean)}</p>
                <p>points by the same seeds<br>{interval}</p></div>

                """);
        }

        yield return Markup.Of($"""
            <div class="card"><b>Rows behind it</b>
            <p class="figure">{result.ConflictingRows ?? result.ValidationRows}</p>
            <p>{(result.ConflictingRows is null
                ? "validation rows"
                : FormattableString.Invariant($"of {result.ValidationRows} validation rows lie where the shortcut misleads"))}</p></div>

            """);
    }

    private static Markup Headline(ReportedSearch search, SearchTrial trial, int series)
    {
        IReadOnlyList<TrialRun> runs = ReportedSearch.Compared(trial);
        string fresh = trial.Confirmation.Count > 0 ? "fresh " : "", chosen = ReferenceEquals(trial, search.Result.Best) ? ", chosen" : "";
        string seeds = FormattableString.Invariant($"mean of {runs.Count} {fresh}{(runs.Count == 1 ? "seed" : "seeds")}");
        return Markup.Of($"""
            <div class="card"><svg class="key" viewBox="0 0 14 14" aria-hidden="true">{Chart.Marker(7, 7, series)}</svg>
            <b>{search.NameOf(trial)}</b>{chosen}
            <p class="figure">{100 * runs.Average(run => run.Score):F1} %</p>
            <p>{search.Figure}<br>{seeds}</p></div>

            """);
    }
}
