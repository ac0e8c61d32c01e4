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
        _readouts = [.. readouts.Select(name => new ReadoutColumns(name)).Select(names =>
            (names, EvaluationColumns.Find(schema, names.PredictedLabel, "readout's predicted label"),
                EvaluationColumns.FindMargin(schema, names.Margin)))];
    }

    public ReadoutProfile Profile(IDataView data)
    {
        Dictionary<(int Label, int Attribute), int> ids = [];
        List<int> groups = [];
        List<bool> hits = [];
        var margins = _readouts.Select(_ => new List<float>()).ToArray();
        var right = _readouts.Select(_ => new List<bool>()).ToArray();

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

        if (groups.Count == 0)
            throw new InvalidOperationException(
                $"No row has a label in column '{_label.Name}'{(_group is { } g ? $" and a group in column '{g.Name}'" : "")}.");
        (int Id, string Name, string Label, string Attribute)[] names = attribute is null
            ? []
            : [.. ids.OrderBy(entry => entry.Key.Label).ThenBy(
                entry => entry.Key, Comparer<(int Label, int Attribute)>.Create((a, b) => attribute.Compare(a.Attribute, b.Attribute)))
            .Select(entry => (
                entry.Value, GroupName.Of(_classes.Names[entry.Key.Label], (attribute, entry.Key.Attribute)),
                _classes.Names[entry.Key.Label], attribute.NameOf(entry.Key.Attribute)))];
        var sizes = new long[ids.Count];
        foreach (int id in groups) sizes[id]++;
        double[] accuracy = Means(hits.Select(Hit));
        (int Id, string Name, string Label, string Attribute)? worst = names.Length == 0 ? null : names.MinBy(group => accuracy[group.Id]);
        return new ReadoutProfile
        {
            RowCount = groups.Count,
            Accuracy = hits.Average(Hit),
            WorstGroup = worst?.Name,
            Readouts = [.. _readouts.Select((readout, i) => Result(readout.Names.Name, right[i], margins[i]))],
        };

        ReadoutResult Result(string name, List<bool> right, List<float> margins)
        {
            float[] signal = [.. margins.Zip(right, (margin, hit) => hit ? 0 : margin)];
            double[] accuracies = Means(right.Select(Hit)), signals = Means(signal.Select(value => (double)value));
            bool[]? member = worst is { Id: var least } ? [.. groups.Select(id => id == least)] : null;
            long wrong = right.Count(hit => !hit);
            long wrongMembers = member is null ? 0 : right.Zip(member).Count(row => !row.First && row.Second);
            return new ReadoutResult
            {
                Name = name,
                Accuracy = right.Average(Hit),
                RightMargins = MarginDistribution.Of([.. margins.Where((_, row) => right[row])]),
                WrongMargins = MarginDistribution.Of([.. margins.Where((_, row) => !right[row])]),
                WorstGroupRecall = worst is { Id: var of } ? (double)wrongMembers / sizes[of] : null,
                WorstGroupPrecision = member is null || wrong == 0 ? null : (double)wrongMembers / wrong,
                WorstGroupAreaUnderRocCurve = member is null ? null : RocCurve.Area(signal, member),
                Groups = [.. names.Select(group => new ReadoutGroup(
                    group.Name, group.Label, group.Attribute, sizes[group.Id], accuracy[group.Id], accuracies[group.Id],
                    signals[group.Id]))],
            };
        }

        // The mean of each group, in one pass over the rows however many groups there are. What is no number, of rows without a margin,
        // is left out.
        double[] Means(IEnumerable<double> values)
        {
            var sums = new double[sizes.Length];
            var counts = new long[sizes.Length];
            foreach ((int id, double value) in groups.Zip(values))
            {
                if (!double.IsFinite(value)) continue;
                sums[id] += value;
                counts[id]++;
            }

            return [.. sums.Zip(counts, (sum, count) => sum / Math.Max(1, count))];
        }
    }

    private static double Hit(bool isRight) => isRight ? 1 : 0;
}
