namespace Studies;

/// <summary>Every seed of every method of a study, and mean ± standard deviation under each method.</summary>
internal static class SeedTable
{
    private static readonly (string Name, string Figure)[] Columns =
    [
        ("agreeing", StudyMetrics.Agreeing),
        ("conflicting", StudyMetrics.Conflicting),
        ("average", StudyMetrics.Average),
        ("mean of groups", StudyMetrics.Unbiased),
        ("worst group", StudyMetrics.Worst),
    ];

    /// <summary>The table, with the columns that the study has figures for.</summary>
    public static string Of(ConditionRecords study)
    {
        (string Name, string Figure)[] columns =
        [
            .. Columns.Where(column => study.Records.Any(record => record.Metrics.ContainsKey(column.Figure))),
        ];
        var table = new MarkdownTable(["method", "seed", "validation", .. columns.Select(column => column.Name)]);
        foreach (MethodRecords method in study.Methods)
        {
            foreach (Record run in method.Runs)
                table.Add([
                    method.Method,
                    $"{run.Seed}",
                    Value(run.Validation, StudyMetrics.Average),
                    .. columns.Select(column => run.Diverged is null ? Value(run.Metrics, column.Figure) : "diverged"),
                ]);
            table.Add([$"**{method.Method}**", "all", "", .. columns.Select(column => $"**{method.Cell(column.Figure)}**")]);
        }

        return table.ToString();
    }

    private static string Value(IReadOnlyDictionary<string, double> figures, string figure) =>
        figures.TryGetValue(figure, out double value) ? Percentage.Of(value) : "";
}
