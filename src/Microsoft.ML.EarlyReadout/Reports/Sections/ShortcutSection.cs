namespace Microsoft.ML.EarlyReadout;

/// <summary>Where a shortcut may mislead a model: clusters of confident errors of a readout, with pictures or texts and what tells
/// them.</summary>
internal static class ShortcutSection
{
    // More clusters than one looks at; the figures of all are in the findings.
    private const int MostClusters = 8;

    /// <summary>The rows that <see cref="Write"/> shows.</summary>
    public static IEnumerable<(ScoredModel Model, int Row)> Shown(IReadOnlyList<ScoredModel> models, ReportOptions options) =>
        from model in models
        where model.Shortcuts is not null
        let rows = RowsOf(model)
        from cluster in Clusters(model)
        from row in Shown(cluster, rows, options)
        select (model, row);

    public static Markup Write(IReadOnlyList<ScoredModel> models, ReportOptions options)
    {
        ScoredModel[] found = [.. models.Where(model => model.Shortcuts is not null)];
        if (found.Length == 0) return Markup.Empty;
        return Markup.Of($"""
            <section aria-labelledby="shortcuts"><h2 id="shortcuts">Where a shortcut may mislead</h2>
            <p>Rows that an early readout gets wrong and is sure of, clustered by what the network sees in them. No groups were told.
            The clusters with most of the network's errors come first. What the rows of a cluster have in common may be a shortcut that
            points to the other class. It may also be wrong labels, or a class that is hard to tell: look at the rows.</p>
            {found.Select(model => Of(model, options))}
            </section>

            """);
    }

    private static Markup Of(ScoredModel model, ReportOptions options)
    {
        ShortcutFindings findings = model.Shortcuts!;
        ShortcutCluster[] clusters = [.. Clusters(model)];
        Dictionary<long, ScoredRow> rows = RowsOf(model);
        if (clusters.Any(cluster => cluster.Rows.Any(row => rows.GetValueOrDefault(row)?.Label is { } label && label != cluster.Label)))
        {
            throw new InvalidOperationException($"The shortcuts of '{model.Name}' were found in other rows than the report's: the labels "
                + "differ. Give CreateReport the view in which FindShortcuts found them.");
        }

        Markup summary = Markup.Of($"""
            <h3>{model.Name}</h3>
            <p>{findings.ReadoutName} is wrong on {findings.SuspectCount} of {findings.RowCount} rows with a margin of at least
            {findings.MinMargin:0.##}; the network is wrong on {findings.ErrorCount}.
            {(findings.UnclusteredCount > 0 ? $"{findings.UnclusteredCount} of the readout's errors are in no cluster." : "")}
            {(findings.Clusters.Count > MostClusters ? $"Shown: the first {MostClusters} of {findings.Clusters.Count} clusters." : "")}</p>

            """);
        if (clusters.Length == 0) return summary;
        Markup numbers = Table.Of(
            $"Clusters of {model.Name}",
            [
                "Cluster",
                "Label",
                "Read as",
                "Rows",
                "Network wrong",
                "Of all errors, %",
                "Accuracy, %",
                "95 % interval",
                "Other rows of the label, %",
            ],
            clusters.Select((cluster, i) => (IReadOnlyList<Markup>)
            [
                Markup.Of($"{i + 1}"),
                Table.Cell(cluster.Label),
                Table.Cell(cluster.ReadAs),
                Markup.Of($"{cluster.Rows.Count}"),
                Markup.Of($"{cluster.ErrorCount}"),
                Table.Percent(cluster.ErrorShare),
                Table.Percent(cluster.Accuracy),
                Markup.Of($"{100 * cluster.AccuracyInterval.Low:F1} to {100 * cluster.AccuracyInterval.High:F1}"),
                Table.Percent(cluster.AccuracyElsewhere),
            ]));
        return Markup.Of($"{summary}{numbers}"
            + $"{clusters.Select((cluster, i) => Cluster(cluster, i, Shown(cluster, rows, options), rows, model.Seen))}");
    }

    private static IEnumerable<ShortcutCluster> Clusters(ScoredModel model) => model.Shortcuts!.Clusters.Take(MostClusters);

    private static Dictionary<long, ScoredRow> RowsOf(ScoredModel model) => model.Rows.ToDictionary(row => (long)row.Index);

    private static IEnumerable<int> Shown(ShortcutCluster cluster, Dictionary<long, ScoredRow> rows, ReportOptions options) =>
        cluster.Rows.Where(rows.ContainsKey).Take(options.Pictures).Select(row => (int)row);

    private static Markup Cluster(
        ShortcutCluster cluster, int index, IEnumerable<int> shown, Dictionary<long, ScoredRow> rows, SeenRows seen) => Markup.Of($"""
        <h3>Cluster {index + 1}: {cluster.Label}, read as {cluster.ReadAs}</h3>
        <p>{cluster.Rows.Count} rows, mean margin {cluster.MeanMargin:F2}; those nearest to the centre.</p>
        {(cluster.TellingValues.Count == 0 ? Markup.Empty
            : Markup.Of($"<ul>{cluster.TellingValues.Select(value => Markup.Of($"<li>{value.ToString()}</li>"))}</ul>"))}
        <div class="cards">
        {shown.Select(row => RowCard.Of(rows[row], seen[row], Markup.Empty))}
        </div>

        """);
}
