namespace Microsoft.ML.EarlyReadout;

/// <summary>What was chosen and why: the verdict, what to look at before believing it, the differences seed by seed, the groups.</summary>
internal static class ChoiceSection
{
    private const int MostGroups = 10; // more would not fit a screen; the table has them all
    private const int RoomForRemark = 36;

    public static Markup Write(ReportedSearch search)
    {
        SearchResult result = search.Result;
        return Markup.Of($"""
            <section aria-labelledby="choice"><h2 id="choice">The choice</h2>
            <p class="verdict">{result.Verdict}</p>
            {Warnings(result)}
            <div class="grid">
            <div>{Settings(search)}
            {Differences(search)}</div>
            {Groups(search)}
            </div>
            </section>

            """);
    }

    private static Markup Warnings(SearchResult result) => result.Warnings.Count == 0 ? Markup.Empty : Markup.Of($"""
        <h3>Before you believe it</h3>
        <ul class="warnings">{result.Warnings.Select(warning => Markup.Of($"<li>{warning}</li>"))}</ul>

        """);

    private static Markup Settings(ReportedSearch search)
    {
        IReadOnlyList<SearchTrial> compared = search.Finalists;
        string[] options = [.. search.Options.Where(option => compared.Any(trial => trial.Settings.ContainsKey(option)))];
        return options.Length == 0 ? Markup.Empty : Table.Of(
            "What they set",
            ["Option", .. compared.Select(search.NameOf)],
            options.Select(option => (IReadOnlyList<Markup>)
                [Table.Cell(option), .. compared.Select(trial => Table.Cell(ReportedSearch.Setting(trial, option) ?? "–"))]));
    }

    private static Markup Differences(ReportedSearch search)
    {
        if (search.Result.Gain is not { } gain) return Markup.Empty;
        string plain = search.NameOf(search.Result.BestPlain), other = search.NameOf(search.Result.BestOther!);
        var chart = new DifferenceChart(
            $"{other} less {plain}, seed by seed",
            "difference (points)",
            [.. gain.Seeds.Select(seed => (FormattableString.Invariant($"seed {seed.Seed}"), 100 * seed.Difference))],
            100 * gain.Mean,
            gain is { Low: { } low, High: { } high } ? (100 * low, 100 * high) : null);
        string seeds = gain.UsesFreshSeeds
            ? "The seeds are fresh: no trial was chosen by them."
            : "The same seeds chose the trial, so the gain is too high: set ConfirmationSeeds.";
        Markup caption = Markup.Of($"""
            <b>Gain</b>: each dot is one seed from which both were trained, the {search.Figure} of {other} less that of {plain}, in
            points. The bar is the 95 % interval of their mean by Student's t. A gain is shown where all of it lies right of zero. {seeds}
            """);
        Markup numbers = Table.Of(
            $"Figures by seed: {search.Figure}, %",
            ["Seed", plain, other, "Difference, points"],
            gain.Seeds.Select(seed => (IReadOnlyList<Markup>)
            [
                Markup.Of($"{seed.Seed}"),
                Markup.Of($"{100 * seed.Plain:F2}"),
                Markup.Of($"{100 * seed.Other:F2}"),
                Table.Cell(TextTable.Signed(100 * seed.Difference)),
            ]));
        return Figure.Of("gain", chart.Draw("gain"), caption, numbers);
    }

    private static Markup Groups(ReportedSearch search)
    {
        SearchResult result = search.Result;
        bool areKnown = result.ConflictingRows is not null;
        bool areGroups = areKnown || result.Groups.Any(each => each.TrainingRows is null);
        IReadOnlyList<SearchTrial> compared = search.Finalists;
        string[] names = [.. compared.Select(search.NameOf)];
        (SearchGroup Group, Estimate?[] Estimates)[] groups =
        [
            .. from each in result.Groups
               let estimates = (Estimate?[])[.. compared.Select(trial => Of(trial, each.Name))]
               let lowest = estimates.OfType<Estimate>().Select(estimate => estimate.Value).DefaultIfEmpty(1).Min()
               orderby each.IsConflicting descending, lowest
               select (each, estimates),
        ];
        (string, Estimate?[])[] drawn =
        [
            .. groups.Where(each => each.Estimates.Any(estimate => estimate is not null)).Take(MostGroups)
                .Select(each => (Heading(each.Group), each.Estimates)),
        ];
        if (drawn.Length == 0) return Markup.Empty;
        string kind = areGroups ? "group" : "class";
        var chart = new IntervalChart($"Accuracy by {kind}", names, drawn);
        Markup caption = Markup.Of($"""
            <b>Accuracy by {kind}</b> in % of validation rows: the mean over the seeds, and a bar from the lowest to the highest. {(areKnown
                ? "Groups that the shortcut misleads come first: what is gained there is what the shortcut cost."
                : "Where a shortcut misleads is not known without GroupColumnName in training and validation rows.")}{(
                groups.Length > drawn.Length
                    ? FormattableString.Invariant($" {drawn.Length} of {groups.Length} are drawn; the table has all.") : "")}
            """);
        Markup numbers = Table.Of(
            "Rows, and accuracy in %",
            [areGroups ? "Group" : "Class", "Training rows", "Validation rows", .. names],
            groups.Select(each => (IReadOnlyList<Markup>)
            [
                Table.Cell(each.Group.IsConflicting ? Misled(each.Group.Name) : each.Group.Name),
                each.Group.TrainingRows is { } training ? Markup.Of($"{training}") : Table.Cell("–"),
                Markup.Of($"{each.Group.ValidationRows}"),
                .. each.Estimates.Select(estimate => Table.Percent(estimate?.Value)),
            ]));
        return Figure.Of("groups", chart.Draw("groups"), caption, numbers);
    }

    private static string Heading(SearchGroup group) =>
        group.IsConflicting ? Misled(Chart.Shorten(group.Name, RoomForRemark)) : group.Name;

    private static string Misled(string group) => group + " (misled)";

    private static Estimate? Of(SearchTrial trial, string name)
    {
        double[] accuracies =
        [
            .. from run in ReportedSearch.Compared(trial)
               from each in run.Groups
               where each.Name == name
               select (double)each.Correct / each.Count,
        ];
        if (accuracies.Length == 0) return null;
        return new Estimate(accuracies.Average(), new ConfidenceInterval(accuracies.Min(), accuracies.Max()));
    }
}
