using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a model and its readouts said of a row.</summary>
/// <param name="Index">The row's place in the view, from 0.</param>
/// <param name="Label">The true class.</param>
/// <param name="Group">Its group.</param>
/// <param name="Predicted">The predicted class.</param>
/// <param name="Margin">The highest score less the second highest.</param>
/// <param name="Readouts">What each readout said.</param>
internal sealed record ScoredRow(
    int Index, string Label, ReportedGroup Group, string Predicted, float Margin, IReadOnlyList<RowReadout> Readouts)
{
    public bool IsRight => Predicted == Label;

    /// <summary>Reads the rows that have a label and a group.</summary>
    public static IReadOnlyList<ScoredRow> ReadAll(IDataView data, IReadOnlyList<string> readouts, ReportOptions options)
    {
        DataViewSchema schema = data.Schema;
        DataViewSchema.Column label = schema[options.LabelColumnName], score = schema[options.ScoreColumnName],
            predicted = schema[options.PredictedLabelColumnName];
        bool isByLabel = options.GroupColumnName is null;
        DataViewSchema.Column grouping = schema[options.GroupColumnName ?? options.LabelColumnName];
        (DataViewSchema.Column Predicted, DataViewSchema.Column Margin)[] readoutColumns =
        [
            .. readouts.Select(name => new ReadoutColumns(name)).Select(names => (schema[names.PredictedLabel], schema[names.Margin])),
        ];
        ClassList classes = ClassList.Of(score, predicted, label);
        // No other column: the cache keeps whatever is asked for, pixels too.
        DataViewSchema.Column[] needed =
            [label, score, predicted, grouping, .. readoutColumns.SelectMany(readout => new[] { readout.Predicted, readout.Margin })];
        using var cursor = new FaultNamingCursor(data, needed.DistinctBy(column => column.Index));
        Func<int> readLabel = classes.Reader(cursor, label), readPredicted = classes.Reader(cursor, predicted);
        CategoryColumn readGroup = CategoryColumn.Open(cursor, grouping);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(score);
        (Func<int> Predicted, ValueGetter<float> Margin)[] read =
        [
            .. readoutColumns.Select(readout => (classes.Reader(cursor, readout.Predicted), cursor.GetGetter<float>(readout.Margin))),
        ];
        VBuffer<float> scores = default;
        float margin = 0;
        var rows = new List<ScoredRow>();
        for (int index = 0; cursor.MoveNext(); index++)
        {
            int truth = readLabel(), value = readGroup.Read();
            if (truth == CategoryColumn.Missing || value == CategoryColumn.Missing) continue;
            readScore(ref scores);
            string? labelOfGroup = isByLabel ? null : classes.Names[truth];
            // As the evaluation has it.
            var group = new ReportedGroup(labelOfGroup, readGroup.NameOf(value), GroupName.Of(labelOfGroup, (readGroup, value)));
            rows.Add(new ScoredRow(
                index, classes.Names[truth], group, NameOf(readPredicted()), ConfidenceMargin.Of([.. scores.DenseValues()]),
                [.. read.Select(readout =>
                {
                    readout.Margin(ref margin);
                    return new RowReadout(NameOf(readout.Predicted()), margin);
                })]));
        }

        return rows;

        string NameOf(int c) => c == CategoryColumn.Missing ? "none" : classes.Names[c];
    }
}

/// <summary>What a readout said of a row.</summary>
/// <param name="Predicted">Its most probable class.</param>
/// <param name="Margin">Its confidence margin.</param>
internal readonly record struct RowReadout(string Predicted, float Margin);
