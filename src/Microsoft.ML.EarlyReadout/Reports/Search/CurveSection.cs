namespace Microsoft.ML.EarlyReadout;

/// <summary>Every trial's validation figure along the steps.</summary>
internal static class CurveSection
{
    private const string Comparisons =
        "At the dotted lines trials are compared by their best validation so far, and the best go on: a line that ends there was stopped. ";

    public static Markup Write(ReportedSearch search)
    {
        SearchResult result = search.Result;
        Series[] lines = Means(search, trial => trial.Runs);
        Bundle[] bundles =
        [
            .. new[]
            {
                Of("stopped", "stopped", trial => trial.State == TrialState.Stopped),
                Of("diverged or failed", "lost", trial => trial.State is TrialState.Diverged or TrialState.Failed),
                Of("finished", "finished", trial => trial.State == TrialState.Finished),
            }.Where(bundle => bundle.Lines.Count > 0),
        ];
        if (lines.Length == 0) return Markup.Empty;
        bool isHalved = result.RungSteps.Count > 1;
        string title = FormattableString.Invariant($"Validation figure of {result.Trials.Count} trials");
        var chart = new LineChart(title, isHalved ? "steps (logarithmic)" : "steps", $"{search.Figure} (%)", lines)
        {
            Bundles = bundles,
            Divisions = isHalved ? ("comparison", [.. result.RungSteps.Select(steps => (double)steps)]) : null,
        };
        Markup caption = Markup.Of($"""
            The {search.Figure} in % at each validation, the mean of a trial's seeds as far as all of them came.
            {(isHalved ? Comparisons : "")}A
            thick line that is still rising asks for more steps; where the learning rate falls to zero, a flat end does not say that they
            were enough. Thin lines that cross late say that comparisons came too early.
            """);
        return Markup.Of($"""
            <section aria-labelledby="curves"><h2 id="curves">How the trials went</h2>
            <div class="grid">
            {Figure.Of("trial-curves", chart.Draw("trial-curves"), caption, Numbers(search, lines))}
            {Seeds(search)}
            </div></section>

            """);

        Bundle Of(string name, string style, Func<SearchTrial, bool> isOf)
        {
            IEnumerable<SearchTrial> trials = result.Trials.Except(search.Finalists).Where(isOf);
            return new Bundle(name, "trial " + style, Drawn(trials.Select(trial => ReportedSearch.Curve(trial.Runs))));
        }
    }

    /// <summary>The two that were compared, seed by seed.</summary>
    private static Markup Seeds(ReportedSearch search)
    {
        Series[] lines = Means(search, ReportedSearch.Compared);
        if (lines.Length < 2) return Markup.Empty;
        Bundle[] bundles =
        [
            .. search.Finalists.Select((trial, i) => new Bundle(
                $"seeds of {search.NameOf(trial)}",
                FormattableString.Invariant($"trial of{i}"),
                Drawn(ReportedSearch.Compared(trial).Select(run => ReportedSearch.Curve([run]))))),
        ];
        string fresh = search.Finalists[1].Confirmation.Count > 0 ? "fresh seeds" : "the search's own seeds";
        var chart = new LineChart("The two that were compared, seed by seed", "steps", $"{search.Figure} (%)", lines) { Bundles = bundles };
        Markup caption = Markup.Of($"""
            The two that were compared, on {fresh}: a thin line for each seed, a thick one for their mean. Where the two bundles lie apart,
            the difference is not one of seeds.
            """);
        return Figure.Of("seed-curves", chart.Draw("seed-curves"), caption, Numbers(search, lines));
    }

    private static Markup Numbers(ReportedSearch search, Series[] lines) =>
        SeriesTable.Of($"The thick lines: {search.Figure}, %", "Steps", lines);

    private static IReadOnlyList<IReadOnlyList<(double X, double Y)>> Drawn(IEnumerable<IReadOnlyList<(double X, double Y)>> lines) =>
        [.. lines.Where(points => points.Count > 0)];

    private static Series[] Means(ReportedSearch search, Func<SearchTrial, IReadOnlyList<TrialRun>> runsOf) =>
    [
        .. search.Finalists.Select((trial, i) => new Series(search.NameOf(trial), ReportedSearch.Curve(runsOf(trial))) { Style = i })
            .Where(line => line.Points.Count > 0),
    ];
}
