using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One pass over a scored view, summed into a <see cref="ReadoutProfile"/>.</summary>
internal sealed class ReadoutProfiler
{
    private readonly DataViewSchema.Column _label;
    private readonly DataViewSchema.Column _predicted;
    private readonly DataViewSchema.Column? _group;
    private readonly IReadOnlyList<string> _names;
    private readonly (DataViewSchema.Column Predicted, DataViewSchema.Column Margin)[] _readouts;
    private readonly ClassList _classes;

    public ReadoutProfiler(
        DataViewSchema schema, IReadOnlyList<string> readouts, string label, string score, string predictedLabel, string? group)
    {
        if (readouts.Count == 0)
            throw new ArgumentException(
                "Name at least one readout; EarlyReadoutTransformer.ReadoutNames lists a model's.", nameof(readouts));
        _label = EvaluationColumns.Find(schema, label, "label");
        _predicted = EvaluationColumns.Find(schema, predictedLabel, "predicted label");
        _group = group is null ? null : EvaluationColumns.Find(schema, group, "group");
        _classes = ClassList.Of(EvaluationColumns.FindScore(schema, score), _predicted, _label);
        _names = readouts;
        _readouts = [.. readouts.Select(name => EvaluationColumns.FindReadout(schema, name))];
    }

    public ReadoutProfile Profile(IDataView data)
    {
        DataViewSchema.Column[] needed =
        [
            _label,
            _predicted,
            .. _group is { } column ? [column] : Array.Empty<DataViewSchema.Column>(),
            .. _readouts.SelectMany(readout => new[] { readout.Predicted, readout.Margin }),
        ];
        using var cursor = new FaultNamingCursor(data, needed.DistinctBy(each => each.Index));
        Func<int> label = _classes.Reader(cursor, _label), predicted = _classes.Reader(cursor, _predicted);
        CategoryColumn? attribute = _group is { } named ? CategoryColumn.Open(cursor, named) : null;
        Func<int>[] read = [.. _readouts.Select(readout => _classes.Reader(cursor, readout.Predicted))];
        ValueGetter<float>[] margin = [.. _readouts.Select(readout => cursor.GetGetter<float>(readout.Margin))];
        var tally = new ReadoutTally(_names);
        while (cursor.MoveNext())
        {
            int truth = label(), value = attribute?.Read() ?? 0;
            if (truth == CategoryColumn.Missing || value == CategoryColumn.Missing) continue;
            tally.Add(truth, value, predicted() == truth);
            for (int i = 0; i < read.Length; i++)
            {
                float confidence = 0;
                margin[i](ref confidence);
                tally.AddAnswer(i, read[i]() == truth, confidence);
            }
        }

        return tally.RowCount > 0 ? tally.ToProfile(_classes, attribute) : throw new InvalidOperationException(
            $"No row has a label in column '{_label.Name}'{(_group is { } g ? $" and a group in column '{g.Name}'" : "")}.");
    }
}
