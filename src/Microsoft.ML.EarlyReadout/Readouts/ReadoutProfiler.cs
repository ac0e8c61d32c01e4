using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One pass over a scored view, summed into a <see cref="ReadoutProfile"/>.</summary>
internal sealed class ReadoutProfiler
{
    private readonly DataViewSchema.Column _label;
    private readonly DataViewSchema.Column _predicted;
    private readonly DataViewSchema.Column? _group;
    private readonly (ReadoutColumns Names, DataViewSchema.Column Predicted, DataViewSchema.Column Margin)[] _readouts;
    private readonly ClassList _classes;

    public ReadoutProfiler(DataViewSchema schema, IReadOnlyList<string> readouts, string label, string score, string predictedLabel, string? group)
    {
        if (readouts.Count == 0) throw new ArgumentException("Name at least one readout; EarlyReadoutTransformer.ReadoutNames lists a model's.", nameof(readouts));
        _label = EvaluationColumns.Find(schema, label, "label");
        _predicted = EvaluationColumns.Find(schema, predictedLabel, "predicted label");
        _group = group is null ? null : EvaluationColumns.Find(schema, group, "group");
        _classes = ClassList.Of(EvaluationColumns.FindScore(schema, score), _predicted, _label);
        _readouts = [.. readouts.Select(name => new ReadoutColumns(name)).Select(names =>
            (names, EvaluationColumns.Find(schema, names.PredictedLabel, "readout's predicted label"), Margin(schema, names)))];
    }

    public ReadoutProfile Profile(IDataView data)
    {
        Dictionary<(int Label, int Attribute), int> ids = [];
        List<int> groups = [];
        List<bool> hits = [];
        var margins = _readouts.Select(_ => new List<float>()).ToArray();
        var right = _readouts.Select(_ => new List<bool>()).ToArray();

        DataViewSchema.Column[] needed = [_label, _predicted, .. _group is { } column ? [column] : Array.Empty<DataViewSchema.Column>(), .. _readouts.SelectMany(readout => new[] { readout.Predicted, readout.Margin })];
        using DataViewRowCursor cursor = data.GetRowCursor(needed.DistinctBy(each => each.Index));
        Func<int> label = _classes.Reader(cursor, _label), predicted = _classes.Reader(cursor, _predicted);
        CategoryColumn? attribute = _group is { } named ? CategoryColumn.Open(cursor, named) : null;
        Func<int>[] read = [.. _readouts.Select(readout => _classes.Reader(cursor, readout.Predicted))];
        ValueGetter<float>[] margin = [.. _readouts.Select(readout => cursor.GetGetter<float>(readout.Margin))];
        while (cursor.MoveNext())
        {
            int truth = label(), value = attribute?.Read() ?? 0;
            if (truth == CategoryColumn.Missing || value == CategoryColumn.Missing) continue;
            if (!ids.TryGetValue((truth, value), out int id)) ids.Add((truth, value), id = ids.Count);
            groups.Add(id);
            hits.Add(predicted() == truth);
            for (int i = 0; i < read.Length; i++)
            {
                float confidence = 0;
                margin[i](ref confidence);
                margins[i].Add(confidence);
                right[i].Add(read[i]() == truth);
            }
        }

        if (groups.Count == 0) throw new InvalidOperationException($"No row has a label in column '{_label.Name}'{(_group is { } g ? $" and a group in column '{g.Name}'" : "")}.");
        (int Id, string Name)[] names = attribute is null ? [] : [.. ids.OrderBy(entry => entry.Key.Label).ThenBy(entry => entry.Key, Comparer<(int Label, int Attribute)>.Create((a, b) => attribute.Compare(a.Attribute, b.Attribute)))
            .Select(entry => (entry.Value, $"{_label.Name}={_classes.Names[entry.Key.Label]} · {_group!.Value.Name}={attribute.NameOf(entry.Key.Attribute)}"))];
        double[] accuracy = [.. names.Select(group => Mean(hits.Where((_, row) => groups[row] == group.Id)))];
        int worst = names.Length == 0 ? -1 : Array.IndexOf(accuracy, accuracy.Min());
        return new ReadoutProfile
        {
            RowCount = groups.Count,
            Accuracy = Mean(hits),
            WorstGroup = worst < 0 ? null : names[worst].Name,
            Readouts = [.. _readouts.Select((readout, i) => Result(readout.Names.Name, right[i], margins[i]))],
        };

        ReadoutResult Result(string name, List<bool> right, List<float> margins)
        {
            float[] signal = [.. margins.Zip(right, (margin, hit) => hit ? 0 : margin)];
            bool[]? member = worst < 0 ? null : [.. groups.Select(id => id == names[worst].Id)];
            long wrong = right.Count(hit => !hit);
            long wrongMembers = member is null ? 0 : right.Zip(member).Count(row => !row.First && row.Second);
            return new ReadoutResult
            {
                Name = name,
                Accuracy = Mean(right),
                RightMargins = MarginDistribution.Of([.. margins.Where((_, row) => right[row])]),
                WrongMargins = MarginDistribution.Of([.. margins.Where((_, row) => !right[row])]),
                WorstGroupRecall = member is null ? null : (double)wrongMembers / member.Count(is_ => is_),
                WorstGroupPrecision = member is null || wrong == 0 ? null : (double)wrongMembers / wrong,
                WorstGroupAuc = member is null ? null : RocCurve.Area(signal, member),
                Groups = [.. names.Select((group, g) =>
                {
                    int[] rows = [.. Enumerable.Range(0, groups.Count).Where(row => groups[row] == group.Id)];
                    return new ReadoutGroup(group.Name, rows.Length, accuracy[g], Mean(rows.Select(row => right[row])), rows.Average(row => (double)signal[row]));
                })],
            };
        }
    }

    private static DataViewSchema.Column Margin(DataViewSchema schema, ReadoutColumns names)
    {
        DataViewSchema.Column margin = EvaluationColumns.Find(schema, names.Margin, "readout's margin");
        return margin.Type == NumberDataViewType.Single ? margin : throw new ArgumentException($"Column '{margin.Name}' is {margin.Type}; a margin is a Single.");
    }

    private static double Mean(IEnumerable<bool> hits) => hits.Average(hit => hit ? 1.0 : 0.0);
}
