using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One pass over a scored view, summed into <see cref="GroupMetrics"/>.</summary>
internal sealed class GroupEvaluator
{
    private readonly GroupEvaluationOptions _options;
    private readonly DataViewSchema.Column _label;
    private readonly DataViewSchema.Column _score;
    private readonly DataViewSchema.Column _predicted;
    private readonly DataViewSchema.Column[] _attributes;
    private readonly ClassList _classes;
    private readonly GroupTally _groups = new();
    private readonly ScoreTally _scores;
    private readonly Dictionary<(int Label, int Predicted), long> _confusion = [];
    private CategoryColumn[] _attributeValues = [];
    private long _withoutLabel, _withoutGroup;

    public GroupEvaluator(
        DataViewSchema schema, string[] groups, string label, string score, string predictedLabel, GroupEvaluationOptions options)
    {
        options.Validate();
        _options = options;
        _label = EvaluationColumns.Find(schema, label, "label");
        _score = EvaluationColumns.FindScore(schema, score);
        _predicted = EvaluationColumns.Find(schema, predictedLabel, "predicted label");
        _attributes = EvaluationColumns.FindGroups(schema, groups);
        if (ByLabel && groups.Contains(label))
            throw new ArgumentException(
                $"'{label}' is the label, which is part of every group already. Name attribute columns only, or set "
                    + "GroupEvaluationOptions.Grouping to AttributeOnly.");
        _classes = ClassList.Of(_score, _predicted, _label);
        _scores = new ScoreTally(options.CalibrationBins);
    }

    private bool ByLabel => _options.Grouping == Grouping.LabelAndAttribute;

    public GroupMetrics Evaluate(IDataView data, IHostEnvironment environment)
    {
        using IChannel channel = environment.Start("EvaluateByGroup");
        ReadRows(data);
        if (_groups.Groups.Count == 0)
        {
            throw new InvalidOperationException(_withoutLabel + _withoutGroup == 0
                ? "The data have no rows."
                : $"No row has both a label and a group: {_withoutLabel} without '{_label.Name}', {_withoutGroup} without "
                    + $"{string.Join(" or ", _attributes.Select(a => $"'{a.Name}'"))}.");
        }
        GroupMetrics metrics = Summarise();
        Report(metrics, channel);
        return metrics;
    }

    private void ReadRows(IDataView data)
    {
        using var cursor = new FaultNamingCursor(data, [_label, _score, _predicted, .. _attributes]);
        Func<int> readLabel = _classes.Reader(cursor, _label);
        Func<int> readPredicted = _classes.Reader(cursor, _predicted);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(_score);
        _attributeValues = [.. _attributes.Select(column => CategoryColumn.Open(cursor, column))];
        VBuffer<float> score = default;
        var scores = new float[((VectorDataViewType)_score.Type).Size]; // (C)
        var path = new int[_attributes.Length + 1];
        while (cursor.MoveNext())
        {
            int label = readLabel();
            if (label == CategoryColumn.Missing)
            {
                _withoutLabel++;
                continue;
            }
            path[0] = ByLabel ? label : 0;
            for (int i = 0; i < _attributeValues.Length; i++)
                path[i + 1] = _attributeValues[i].Read();
            if (path.Contains(CategoryColumn.Missing))
            {
                _withoutGroup++;
                continue;
            }

            int predicted = readPredicted();
            bool correct = predicted == label;
            _groups.Add(path, correct);
            CollectionsMarshal.GetValueRefOrAddDefault(_confusion, (label, predicted), out _)++;
            readScore(ref score);
            score.CopyTo(scores);
            _scores.Add(scores, label, correct);
        }
    }

    private GroupMetrics Summarise()
    {
        GroupResult[] groups = [.. _groups.Groups.Order(Comparer<GroupTally.Group>.Create(Compare)).Select(Result)];
        (long Correct, long Count)[] counts = [.. groups.Select(group => (group.Correct, group.Count))];
        GroupResult worst = groups.MinBy(group => group.Accuracy)!;
        long rows = groups.Sum(group => group.Count), correct = groups.Sum(group => group.Correct);
        ILookup<int, KeyValuePair<(int Label, int Predicted), long>> byLabel = _confusion.ToLookup(cell => cell.Key.Label);
        return new GroupMetrics
        {
            WorstGroup = worst.Name,
            WorstGroupAccuracy = worst.Accuracy,
            WorstGroupAccuracyInterval = BinomialInterval.OfWorst(counts, _options.Confidence),
            AverageAccuracy = (double)correct / rows,
            AverageAccuracyInterval = BinomialInterval.Of(correct, rows, _options.Confidence),
            UnbiasedAccuracy = groups.Average(group => group.Accuracy),
            UnbiasedAccuracyInterval = BinomialInterval.OfMean(counts, _options.Confidence),
            AdjustedAccuracy = Adjusted(groups),
            ClassBalancedAccuracy = byLabel.Average(
                cells => (double)_confusion.GetValueOrDefault((cells.Key, cells.Key)) / cells.Sum(cell => cell.Value)),
            ExpectedCalibrationError = _scores.ExpectedCalibrationError,
            LogLoss = _scores.LogLoss,
            RowCount = rows,
            RowsWithoutLabel = _withoutLabel,
            RowsWithoutGroup = _withoutGroup,
            MissingPredictions = _confusion.Where(cell => cell.Key.Predicted == CategoryColumn.Missing).Sum(cell => cell.Value),
            InvalidScores = _scores.InvalidRows,
            Confidence = _options.Confidence,
            Groups = groups,
            ConfusionMatrix = new ConfusionTable
            {
                Classes = [.. _classes.Names],
                Cells = [.. _confusion.Where(cell => cell.Key.Predicted != CategoryColumn.Missing).OrderBy(cell => cell.Key)
                    .Select(cell => new ConfusionCell(cell.Key.Label, cell.Key.Predicted, cell.Value))],
            },
        };
    }

    private int Compare(GroupTally.Group a, GroupTally.Group b)
    {
        int order = a.Path[0].CompareTo(b.Path[0]);
        for (int i = 0; order == 0 && i < _attributeValues.Length; i++)
            order = _attributeValues[i].Compare(a.Path[i + 1], b.Path[i + 1]);
        return order;
    }

    private GroupResult Result(GroupTally.Group group)
    {
        string? label = ByLabel ? _classes.Names[group.Path[0]] : null;
        string[] attributes = [.. _attributeValues.Select((values, i) => values.NameOf(group.Path[i + 1]))];
        return new GroupResult
        {
            Name = GroupName.Of(label, _attributeValues.Select((values, i) => (values, group.Path[i + 1]))),
            Label = label,
            Attributes = attributes,
            Count = group.Count,
            Correct = group.Correct,
            Accuracy = (double)group.Correct / group.Count,
            AccuracyInterval = BinomialInterval.Of(group.Correct, group.Count, _options.Confidence),
            TrainingCount = _options.TrainingCounts?.CountOf(label, attributes),
        };
    }

    private double? Adjusted(GroupResult[] groups)
    {
        if (_options.TrainingCounts is null)
            return null;
        double total = groups.Sum(group => (double)group.TrainingCount!.Value);
        return total > 0
            ? groups.Sum(group => group.Accuracy * group.TrainingCount!.Value) / total
            : throw new InvalidOperationException("No evaluated group occurs in the training counts, so there is no adjusted accuracy. " +
                $"Evaluated: {Excerpt.Of(string.Join("; ", groups.Select(group => group.Name)))}. Training counts: "
                    + $"{Excerpt.Of(_options.TrainingCounts.ToString())}.");
    }

    private void Report(GroupMetrics metrics, IChannel channel)
    {
        void Warn(long rows, string what)
        {
            if (rows > 0)
                channel.Warning(MessageSensitivity.None, FormattableString.Invariant($"{what}: {rows}."));
        }
        int known = ((VectorDataViewType)_score.Type).Size;
        Warn(metrics.RowsWithoutLabel, "Rows without a label, left out of the evaluation by group");
        Warn(metrics.RowsWithoutGroup, "Rows without a group value, left out of the evaluation by group");
        Warn(metrics.MissingPredictions, "Rows without a predicted label, counted as wrong");
        Warn(metrics.InvalidScores, "Rows with a NaN or infinite score, left out of log-loss and calibration error");
        ConfusionCell[] unknown = [.. metrics.ConfusionMatrix.Cells.Where(cell => cell.TrueClass >= known)];
        if (unknown.Length == 0) return;
        Warn(unknown.Sum(cell => cell.Count), $"Rows whose class in column '{_label.Name}' the model does not know, counted as wrong "
            + $"(classes: {unknown.DistinctBy(cell => cell.TrueClass).Count()}, the first '{_classes.Names[unknown[0].TrueClass]}')");
    }
}
