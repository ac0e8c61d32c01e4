using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads labelled, scored rows.</summary>
/// <param name="columns">The columns that the model writes.</param>
/// <param name="classNames">Its classes, in the order of its scores.</param>
/// <param name="label">The column of true labels.</param>
/// <param name="group">The column of groups.</param>
/// <param name="readouts">The readouts whose margins are read.</param>
internal sealed class FeedbackReader(
    ScoringColumns columns, IReadOnlyList<string> classNames, string label, string group, IReadOnlyList<string> readouts)
{
    /// <summary>The rows that have a label and a group.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or another model has scored the
    /// rows.</exception>
    public FeedbackRow[] Read(IDataView scored)
    {
        DataViewSchema schema = scored.Schema;
        DataViewSchema.Column labels = EvaluationColumns.Find(schema, label, "label");
        DataViewSchema.Column groups = EvaluationColumns.Find(schema, group, "group");
        DataViewSchema.Column scores = EvaluationColumns.FindScore(schema, columns.Score);
        DataViewSchema.Column predictions = EvaluationColumns.Find(schema, columns.PredictedLabel, "predicted label");
        RequireClasses(scores);
        (DataViewSchema.Column Predicted, DataViewSchema.Column Margin)[] read =
            [.. readouts.Select(name => EvaluationColumns.FindReadout(schema, name))];

        using var cursor = new FaultNamingCursor(
            scored, new[] { labels, groups, scores, predictions }.Concat(read.SelectMany(each => new[] { each.Predicted, each.Margin }))
                .DistinctBy(column => column.Index));
        var classes = ClassList.Of(scores, predictions, labels);
        Func<int> readLabel = classes.Reader(cursor, labels), readPredicted = classes.Reader(cursor, predictions);
        CategoryColumn attribute = CategoryColumn.Open(cursor, groups);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(scores);
        Func<int>[] predicted = [.. read.Select(each => classes.Reader(cursor, each.Predicted))];
        ValueGetter<float>[] margin = [.. read.Select(each => cursor.GetGetter<float>(each.Margin))];
        VBuffer<float> score = default;
        List<FeedbackRow> rows = [];
        while (cursor.MoveNext())
        {
            int truth = readLabel(), value = attribute.Read();
            if (truth == CategoryColumn.Missing || value == CategoryColumn.Missing) continue;
            readScore(ref score);
            int answer = readPredicted();
            rows.Add(new FeedbackRow
            {
                Label = classes.Names[truth],
                Group = attribute.DescriptionOf(value),
                PredictedLabel = answer == CategoryColumn.Missing ? "" : classes.Names[answer],
                Score = [.. score.DenseValues()],
                Readouts = [.. predicted.Zip(margin, (wrong, sure) =>
                {
                    float confidence = 0;
                    sure(ref confidence);
                    return (confidence, wrong() != truth);
                })],
            });
        }

        return [.. rows];
    }

    private void RequireClasses(DataViewSchema.Column scores)
    {
        int count = ((VectorDataViewType)scores.Type).Size;
        string[]? names = ColumnAnnotation.Names(scores, ColumnAnnotation.SlotNames)
            ?? ColumnAnnotation.Names(scores, ColumnAnnotation.TrainingLabelValues);
        if (names is null ? count == classNames.Count : names.SequenceEqual(classNames)) return;
        throw ColumnFinder.Mismatch($"The score column '{scores.Name}' is of {count} classes{Listed(names ?? [])}; the monitored model has "
            + $"{classNames.Count} classes{Listed(classNames)}. Give rows that this model has scored.");

        static string Listed(IEnumerable<string> all) => Excerpt.Of(string.Concat(all.Select(name => $", '{name}'")));
    }
}
