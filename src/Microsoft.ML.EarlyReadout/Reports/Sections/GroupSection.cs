namespace Microsoft.ML.EarlyReadout;

/// <summary>Accuracy by group, the models side by side.</summary>
internal static class GroupSection
{
    public static Markup Write(IReadOnlyList<ScoredModel> models)
    {
        string[] names = [.. models.Select(model => model.Name)];
        Dictionary<ReportedGroup, GroupResult>[] results =
        [
            .. models.Select(model => model.Groups.Groups.DistinctBy(ReportedGroup.Of).ToDictionary(ReportedGroup.Of)),
        ];
        ReportedGroup[] groups = [.. results.SelectMany(each => each.Keys).Distinct()];
        double confidence = 100 * models[0].Groups.Confidence;
        var chart = new IntervalChart(
            "Accuracy by group", names,
            [
                .. Summaries(models).Select(summary => (summary.Name, summary.Estimates)),
                .. groups.Select(group => (group.Name, Of(group))),
            ]);
        IReadOnlyList<Markup>[] rows =
        [
            .. Summaries(models).Select(summary => Row(summary.Name, summary.Rows, summary.Estimates)),
            .. groups.Select(group => Row(group.Name, results[0].GetValueOrDefault(group)?.Count, Of(group))),
        ];
        Markup numbers = Table.Of(
            FormattableString.Invariant($"Accuracy in %, with {confidence:0.#} % intervals"), ["Group", "Rows", .. names], rows);
        Markup caption = Markup.Of($"""
            Accuracy in % of rows, with {confidence:0.#} % intervals. A model that leans on a shortcut does well on average
            and badly on the group where the shortcut points the other way:
            look at the worst group first, and at whether the intervals overlap.
            """);
        return Markup.Of($"""
            <section aria-labelledby="groups"><h2 id="groups">Accuracy by group</h2>
            <div class="grid">
            <figure aria-labelledby="group-accuracy-caption">
            {chart.Draw("group-accuracy")}
            <figcaption id="group-accuracy-caption">{caption}</figcaption>
            </figure>
            {numbers}
            </div>
            </section>

            """);

        Estimate?[] Of(ReportedGroup group) =>
            [.. results.Select(each => each.TryGetValue(group, out GroupResult? result)
                ? new Estimate(result.Accuracy, result.AccuracyInterval)
                : (Estimate?)null)];
    }

    private static IReadOnlyList<(string Name, long? Rows, Estimate?[] Estimates)> Summaries(IReadOnlyList<ScoredModel> models) =>
    [
        ("Worst group", null,
        [.. models.Select(model => (Estimate?)new Estimate(model.Groups.WorstGroupAccuracy, model.Groups.WorstGroupAccuracyInterval))]),
        ("All rows", models[0].Groups.RowCount,
        [.. models.Select(model => (Estimate?)new Estimate(model.Groups.AverageAccuracy, model.Groups.AverageAccuracyInterval))]),
        ("Mean of the groups", null,
        [.. models.Select(model => (Estimate?)new Estimate(model.Groups.UnbiasedAccuracy, model.Groups.UnbiasedAccuracyInterval))]),
    ];

    private static Markup[] Row(string name, long? rows, Estimate?[] estimates) =>
        [Table.Cell(name), rows is { } count ? Markup.Of($"{count}") : new Markup("–"), .. estimates.Select(Cell)];

    private static Markup Cell(Estimate? maybe) => maybe is not { } estimate ? new Markup("–")
        : Markup.Of($"{100 * estimate.Value:F1} <span class=\"range\">({100 * estimate.Interval.Low:F1} to "
            + $"{100 * estimate.Interval.High:F1})</span>");
}
