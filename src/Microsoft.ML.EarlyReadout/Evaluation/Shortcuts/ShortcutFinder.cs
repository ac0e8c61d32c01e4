using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Three passes over a scored view: which rows mislead a readout, how the network sees them, and what else tells them.</summary>
/// <param name="model">The model; it has stages and the readout.</param>
/// <param name="readout">The readout's columns.</param>
/// <param name="options">The options, checked.</param>
/// <param name="seed">The seed of the clustering.</param>
/// <param name="cancellation">Whether it is to stop.</param>
internal sealed class ShortcutFinder(
    EarlyReadoutTransformer model, ReadoutColumns readout, ShortcutOptions options, int seed, Cancellation cancellation)
{
    private const double Confidence = 0.95;

    public ShortcutFindings Find(IDataView data, IDataView scored)
    {
        ShortcutColumns columns = ShortcutColumns.Find(data.Schema, scored.Schema, model, readout, options);
        model.Columns.ReadIn(scored.Schema); // before the first pass: the second needs them
        SuspectRows suspects = SuspectRows.Read(scored, columns, options, cancellation);
        if (suspects.Labels.Count == 0) throw new InvalidOperationException($"No row has a label in column '{columns.Label.Name}'.");
        SuspectRow[][] clusters = Cluster(scored, suspects.Rows);
        IReadOnlyList<TellingValue>[] telling = Telling(scored, columns, suspects, clusters);
        long errors = suspects.Labels.Values.Sum(label => label.Errors);
        return new ShortcutFindings
        {
            ReadoutName = readout.Name,
            MinMargin = options.MinMargin,
            RowCount = suspects.Labels.Values.Sum(label => label.Rows),
            ErrorCount = errors,
            SuspectCount = suspects.Count,
            Clusters =
            [
                .. clusters.Select((rows, i) => Describe(rows, suspects, errors, telling[i]))
                    .OrderByDescending(cluster => cluster.ErrorCount).ThenByDescending(cluster => cluster.Rows.Count),
            ],
        };
    }

    /// <summary>Clusters rows of a view by what the network sees in them, those of each pair of label and answer for themselves.</summary>
    /// <param name="scored">The view.</param>
    /// <param name="rows">The rows, in the order of the view.</param>
    /// <returns>The clusters that are not too small, each with the rows first that are nearest to its centre.</returns>
    public SuspectRow[][] Cluster(IDataView scored, IReadOnlyList<SuspectRow> rows) => [.. Clusters(rows, Embeddings(scored, rows))];

    private static ShortcutCluster Describe(SuspectRow[] rows, SuspectRows suspects, long allErrors, IReadOnlyList<TellingValue> telling)
    {
        LabelCount label = suspects.Labels[rows[0].Label];
        long errors = rows.LongCount(row => row.IsError), right = rows.Length - errors, others = label.Rows - rows.Length;
        return new ShortcutCluster
        {
            Label = suspects.Classes.Names[rows[0].Label],
            ReadAs = suspects.Classes.Names[rows[0].ReadAs],
            Rows = [.. rows.Select(row => row.Index)],
            ErrorCount = errors,
            ErrorShare = allErrors == 0 ? 0 : (double)errors / allErrors,
            Accuracy = (double)right / rows.Length,
            AccuracyInterval = BinomialInterval.Of(right, rows.Length, Confidence),
            AccuracyElsewhere = others == 0 ? null : 1 - (double)(label.Errors - errors) / others,
            MeanMargin = rows.Average(row => (double)row.Margin),
            TellingValues = telling,
        };
    }

    // What the last stage puts out, averaged over an image's pixels or a text's tokens: the embedding that the head reads.
    private IReadOnlyList<float[][]> Embeddings(IDataView scored, IReadOnlyList<SuspectRow> rows)
    {
        if (rows.Count == 0) return [];
        IReadOnlyList<DataViewSchema.Column> read = model.Columns.ReadIn(scored.Schema);
        using var session = new StageSession(
            model.Graph, [model.Graph.Stages[^1]], model.Columns, model.Session.Device, cancellation);
        using var cursor = new FaultNamingCursor(scored, read, read[0]);
        int next = 0;
        long index = -1;
        return session.Read(cursor, model.Session.BatchRows, () => next++, () =>
        {
            index++;
            return next < rows.Count && rows[next].Index == index;
        });
    }

    private IEnumerable<SuspectRow[]> Clusters(IReadOnlyList<SuspectRow> rows, IReadOnlyList<float[][]> embeddings)
    {
        var kMeans = new EmbeddingClusters(seed);
        foreach (var pair in rows.Zip(embeddings, (row, stages) => (Row: row, Embedding: stages[0]))
            .GroupBy(each => (each.Row.Label, each.Row.ReadAs)).OrderBy(pair => pair.Key))
        {
            cancellation.ThrowIfRequested();
            (SuspectRow Row, float[] Embedding)[] members = [.. pair];
            int clusters = Math.Min(options.Clusters, members.Length / options.MinClusterRows);
            if (clusters == 0) continue;
            foreach (int[] cluster in kMeans.Of([.. members.Select(member => member.Embedding)], clusters))
                if (cluster.Length >= options.MinClusterRows) yield return [.. cluster.Select(place => members[place].Row)];
        }
    }

    private IReadOnlyList<TellingValue>[] Telling(IDataView scored, ShortcutColumns columns, SuspectRows suspects, SuspectRow[][] clusters)
    {
        if (clusters.Length == 0 || columns.Described.Count == 0 || options.TellingValues == 0) return [.. clusters.Select(_ => Nothing)];
        Dictionary<long, int> clusterOf = clusters.Index()
            .SelectMany(cluster => cluster.Item.Select(row => (row.Index, cluster.Index))).ToDictionary();
        // The parts that are counted: the clusters, then their labels.
        int[] labels = [.. clusters.Select(rows => rows[0].Label).Distinct()];
        Dictionary<int, int> partOf = labels.Index().ToDictionary(entry => entry.Item, entry => clusters.Length + entry.Index);
        using var cursor = new FaultNamingCursor(scored, columns.Described.Append(columns.Label).DistinctBy(column => column.Index));
        Func<int> label = suspects.Classes.Reader(cursor, columns.Label);
        ValueTally[] tallies = [.. columns.Described.Select(column => ValueTally.Open(cursor, column, clusters.Length + labels.Length))];
        for (long index = 0; cursor.MoveNext(); index++)
        {
            cancellation.ThrowIfRequested();
            int truth = label();
            if (truth == CategoryColumn.Missing || !partOf.TryGetValue(truth, out int part)) continue;
            int cluster = clusterOf.GetValueOrDefault(index, -1);
            foreach (ValueTally tally in tallies) tally.Add(part, cluster);
        }

        return
        [
            .. clusters.Select((rows, i) => (IReadOnlyList<TellingValue>)
            [
                .. tallies.SelectMany(tally => tally.Telling(partOf[rows[0].Label], i, suspects.Labels[rows[0].Label].Rows, rows.Length))
                    .OrderByDescending(value => Math.Abs(value.Deviation)).Take(options.TellingValues),
            ]),
        ];
    }

    private static IReadOnlyList<TellingValue> Nothing => [];
}
