using System.Text;

namespace Studies;

/// <summary>What a queue has run, study by study, as the Markdown of docs/results.md: each method beside the study's baseline.</summary>
internal static class QueueTables
{
    private static readonly (string Name, string Figure)[] Columns =
    [
        ("conflicting rows", Figures.Conflicting),
        ("agreeing rows", Figures.Agreeing),
        ("worst group", Figures.Worst),
        ("average", Figures.Average),
        ("mean of groups", Figures.Unbiased),
        ("flip rate", Figures.Flips),
    ];

    /// <summary>The text.</summary>
    /// <param name="runs">The runs; those of one study under one set of conditions are compared.</param>
    public static string Of(IEnumerable<FinishedRun> runs) =>
        string.Join('\n', runs.GroupBy(run => (run.Study, run.Conditions)).Select(study => Study([.. study])));

    private static string Study(IReadOnlyList<FinishedRun> runs)
    {
        StudyComparison comparison = new(runs);
        var text = new StringBuilder().Append("### ").Append(runs[0].Study).Append("\n\n");
        if (comparison.Baseline is { } baseline) Append(text, comparison, baseline);
        foreach (string line in Notes(comparison)) text.Append("- ").Append(line).Append('\n');
        return text.ToString();
    }

    private static void Append(StringBuilder text, StudyComparison comparison, ComparedMethod baseline)
    {
        (string Name, string Figure) primary = Columns.First(column => comparison.Methods.All(method => method.IsPrimary(column.Figure)));
        (string Name, string Figure)[] others =
        [
            .. from column in Columns
               where column != primary && column.Figure is not (Figures.Conflicting or Figures.Worst)
               where baseline.Mean(column.Figure) is not null
               select column,
        ];
        var means = new MarkdownTable(
            ["method", primary.Name, $"difference to {baseline.Name}", "95 % interval", "verdict", .. others.Select(column => column.Name)]);
        var seeds = new MarkdownTable([$"{primary.Name}, seed", .. comparison.Seeds.Select(seed => $"{seed}")]);
        foreach (ComparedMethod method in comparison.Methods)
        {
            PairedGain? gain = method == baseline ? null : PairedGain.Of(method, baseline);
            string[] compared = gain is null ? ["", "", ""] : [gain.Difference, gain.Interval, gain.Verdict];
            means.Add(
            [
                method.Name, Percentage.Of(method.Primary.Average()), .. compared,
                .. others.Select(column => Percentage.Of(method.Mean(column.Figure) ?? double.NaN)),
            ]);
            seeds.Add([method.Name, .. method.Primary.Select(Percentage.Of)]);
        }

        text.Append(means).Append('\n').Append(seeds).Append('\n');
    }

    private static IEnumerable<string> Notes(StudyComparison comparison)
    {
        if (comparison.Baseline is null) yield return $"No table: {comparison.BaselineName} lacks final runs, so there is nothing to compare with.";
        foreach (ComparedMethod method in comparison.Methods.Where(method => method.Setting.Length > 0))
            yield return $"{method.Name}, {Choice(comparison, method)}: `{method.Setting}`";
        if (comparison.SearchSeeds.Count > 0)
            yield return $"Best by the mean of groups on validation rows, mean of the seeds {string.Join(", ", comparison.SearchSeeds)}.";
        foreach ((string method, int count) in comparison.Diverged)
            yield return $"Search runs of {method} that diverged, their settings out of the choice: {count}.";
        foreach ((string method, int finals) in comparison.LeftOut)
            yield return $"Left out: {method}, with {finals} of {comparison.Seeds.Count} final runs.";
        foreach (string origin in comparison.Origins) yield return origin;
        yield return $"Conditions: {comparison.Conditions}.";
    }

    private static string Choice(StudyComparison comparison, ComparedMethod method)
    {
        IReadOnlyList<FinishedRun> searched = comparison.Searched(method);
        if (searched.Count == 0) return $"the best of {comparison.Tried(method.Name)} settings";
        FinishedRun[] chosen = [.. searched.Where(run => run.Settings == method.Setting)];
        FinishedRun[] plain = [.. searched.Where(run => run.Trial!.Number == 0)];
        int tried = searched.Where(run => run.Trial!.Number > 0).Select(run => run.Settings).Distinct().Count();
        int whole = searched.Where(run => run.Trial!.Number > 0 && run.Steps == chosen[0].Steps).Select(run => run.Settings).Distinct().Count();
        return $"the best of {tried} settings by the library's search (trained in full: {whole}; seeds: {chosen.Length}; on validation rows "
            + $"{Mean(chosen)}, no forgetting {Mean(plain)})";
    }

    private static string Mean(IEnumerable<FinishedRun> runs) => Percentage.Of(runs.Average(run => run.Primary) ?? double.NaN);
}
