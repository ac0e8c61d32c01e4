using System.Text;

namespace Studies;

/// <summary>What was run, study by study, as the Markdown of docs/results.md: each method beside the study's baseline.</summary>
internal static class StudyTables
{
    /// <summary>The text.</summary>
    /// <param name="runs">The runs; those of one study under one set of conditions are compared.</param>
    public static string Of(IEnumerable<FinishedRun> runs) => Of(StudyComparison.All(runs), _ => null);

    /// <summary>The text, with a picture of each study.</summary>
    /// <param name="studies">The studies.</param>
    /// <param name="picture">The Markdown that shows a study's picture; <see langword="null"/> where it has none.</param>
    public static string Of(IEnumerable<StudyComparison> studies, Func<StudyComparison, string?> picture) =>
        string.Join('\n', studies.Select(study => Of(study, picture(study))));

    private static string Of(StudyComparison comparison, string? picture)
    {
        var text = new StringBuilder().Append("### ").Append(comparison.Name).Append("\n\n");
        if (comparison.Methods.Count > 0) Append(text, comparison);
        if (picture is not null) text.Append(picture).Append("\n\n");
        foreach (string note in Notes(comparison)) text.Append(PageLines.Of($"- {note}", indent: "  ")).Append('\n');
        return text.ToString();
    }

    private static void Append(StringBuilder text, StudyComparison comparison)
    {
        ComparedMethod? baseline = comparison.Baseline;
        (string Name, string Figure) primary = comparison.Primary;
        (string Name, string Figure)[] others =
        [
            .. from column in StudyComparison.Columns
               where column != primary && column.Figure is not (StudyMetrics.Conflicting or StudyMetrics.Worst)
               where comparison.Methods[0].Mean(column.Figure) is not null // of the baseline, where it is there
               select column,
        ];
        string[] differences = baseline is null ? [] : [$"difference to {baseline.Name}", "95 % interval", "verdict"];
        var means = new MarkdownTable(["method", primary.Name, .. differences, .. others.Select(column => column.Name)]);
        var seeds = new MarkdownTable([$"{primary.Name}, seed", .. comparison.Seeds.Select(seed => $"{seed}")]);
        var courses = new MarkdownTable(
            [$"{comparison.CourseFigure.Name}, validation rows", "network that was kept", "mean of the last third"]);
        foreach (ComparedMethod method in comparison.Methods)
        {
            string[] compared = baseline is null ? [] : method == baseline ? ["", "", ""] : Cells(PairedGain.Of(method, baseline));
            means.Add(
            [
                comparison.Title(method.Name), Percentage.Of(method.Primary.Average()), .. compared,
                .. others.Select(column => Percentage.Of(method.Mean(column.Figure) ?? double.NaN)),
            ]);
            seeds.Add([method.Name, .. method.Primary.Select(Percentage.Of)]);
            if (comparison.CourseOf(method) is { } course)
                courses.Add(method.Name, Percentage.Of(course.Kept), Percentage.Of(course.LastThird));
        }

        text.Append(means).Append('\n');
        if (OverPlainDistillation(comparison) is { HasRows: true } claimed) text.Append(claimed).Append('\n');
        text.Append(seeds).Append('\n');
        if (courses.HasRows) text.Append(courses).Append('\n');
        if (TwoFeaturesTable.Of(comparison.Methods) is { } features) text.Append(features).Append('\n');
    }

    // Over the baseline a debiased student has two gains in one: that of a teacher, and that of its weights.
    private static MarkdownTable OverPlainDistillation(StudyComparison comparison)
    {
        var table = new MarkdownTable(
            $"{comparison.Primary.Name}, debiased student", "plain student of the same teacher", "difference", "95 % interval", "verdict");
        foreach ((ComparedMethod method, ComparedMethod over, PairedGain gain) in comparison.GainsOverPlainDistillation)
            table.Add([method.Name, over.Name, .. Cells(gain)]);
        return table;
    }

    private static string[] Cells(PairedGain gain) => [Percentage.Difference(gain.Difference), gain.IntervalText, gain.Verdict];

    private static IEnumerable<string> Notes(StudyComparison comparison)
    {
        if (comparison.Baseline is null)
        {
            string why = comparison.DivergedBaseline is { } diverged
                ? $"{diverged.Verdict} of {comparison.Seeds.Count}"
                : comparison.LeftOut.Any(method => method.Name == comparison.BaselineName)
                    ? "lacks final runs"
                    : "is not among these runs";
            yield return $"No differences: {comparison.BaselineName} {why}, so there is nothing to compare with.";
        }

        foreach (ComparedMethod method in comparison.Methods.Where(method => method.Setting.Length > 0))
            yield return $"{method.Name}, {Choice(comparison, method)}: `{method.Setting}`";
        foreach (PublishedFigure published in PublishedFigure.Of(comparison.Name))
            yield return $"Quoted, on another network or budget: {published.Method}, {published.Figure} ({published.Source}).";
        if (comparison.SearchSeeds.Count > 0)
            yield return "Chosen by the mean of groups on validation rows, averaged over the seeds "
                + $"{string.Join(", ", comparison.SearchSeeds)}.";
        foreach ((string method, int count) in comparison.Diverged)
            yield return $"Search runs of {method} that diverged, so that their settings were not chosen: {count}.";
        foreach ((string method, int count) in comparison.Failed)
            yield return $"Search runs of {method} that failed, so that their settings were not chosen: {count}.";
        foreach (LeftOutMethod method in comparison.LeftOut)
        {
            string end = method.Diverged > 0 ? $"; {method.Diverged} diverged." : ".";
            yield return $"Left out: {method.Name}, with {method.Figures} of {comparison.Seeds.Count} final runs{end}";
        }

        foreach (string origin in comparison.Origins) yield return origin;
        yield return $"Conditions: {comparison.Conditions}.";
    }

    private static string Choice(StudyComparison comparison, ComparedMethod method)
    {
        IReadOnlyList<FinishedRun> searched = comparison.Searched(method.Name, method.Setting);
        if (searched.Count == 0)
            return comparison.Tried(method.Name) is var named and > 1 ? $"the best of {named} settings" : "the only setting tried";
        FinishedRun[] chosen = [.. searched.Where(run => run.Settings == method.Setting)];
        FinishedRun[] plain = [.. searched.Where(run => run.Trial!.Number == 0)];
        int tried = searched.Where(run => run.Trial!.Number > 0).Select(run => run.Settings).Distinct().Count();
        int whole = searched.Where(run => run.Trial!.Number > 0 && run.Steps == chosen[0].Steps)
            .Select(run => run.Settings)
            .Distinct()
            .Count();
        return $"the best of {tried} settings by the library's search (trained in full: {whole}; seeds: {chosen.Length}; on validation "
            + "rows "
            + $"{Mean(chosen)}, no forgetting {Mean(plain)})";
    }

    private static string Mean(IEnumerable<FinishedRun> runs) => Percentage.Of(runs.Average(run => run.Primary) ?? double.NaN);
}
