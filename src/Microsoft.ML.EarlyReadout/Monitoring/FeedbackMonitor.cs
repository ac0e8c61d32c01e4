using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Watches a model that serves by the labels that come in later: the accuracy by group over the newest rows, and how far the margins of
/// its readouts have moved from those of its training.
/// </summary>
/// <remarks>
/// <para>Made by <c>mlContext.MulticlassClassification.MonitorFeedback</c>. The model's own graph is not used: rows come scored, by the
/// model or by its saved zip.</para>
/// <para>It also tells its figures as instruments of a <see cref="System.Diagnostics.Metrics.Meter"/> called
/// <see cref="MeterName"/>, for OpenTelemetry and others: <c>mlsieve.feedback.rows</c>, <c>mlsieve.feedback.accuracy</c> (by <c>group</c>),
/// <c>mlsieve.feedback.worst_group.accuracy</c> with <c>.low</c> and <c>.high</c>, and by <c>readout</c>
/// <c>mlsieve.feedback.readout.distance</c>, <c>.critical_distance</c> and <c>.signal</c>. Each has the tag <c>model</c>.</para>
/// </remarks>
/// <threadsafety>Thread-safe.</threadsafety>
[Experimental(ExperimentalId.Monitoring)]
public sealed class FeedbackMonitor : IDisposable
{
    /// <summary>The name of the meter: <c>MLSieve.Feedback</c>.</summary>
    public const string MeterName = "MLSieve.Feedback";

    private readonly MLContext _ml = new();
    private readonly Lock _lock = new();
    private readonly Queue<FeedbackRow> _window = [];
    private readonly int _size;
    private readonly double _confidence;
    private readonly GroupMetrics? _baseline;
    private readonly ReadoutMargins[] _margins;
    private readonly FeedbackReader _reader;
    private readonly SchemaDefinition _columns;
    private readonly FeedbackInstruments _instruments;
    private long _rows;
    private FeedbackReport? _report;

    internal FeedbackMonitor(
        EarlyReadoutTransformer model, string group, string label, int size, GroupMetrics? baseline, double confidence, string name)
    {
        var faults = new OptionFaults();
        faults.NotEmpty("groupColumnName", group);
        faults.NotEmpty("labelColumnName", label);
        faults.AtLeast("windowSize", size, 1);
        faults.InOpenRange("confidence", confidence, 0, 1);
        if (group == label) faults.Add($"groupColumnName is '{group}', the label, which is part of every group already.");
        faults.ThrowIfAny("MonitorFeedback");
        (_size, _confidence, _baseline) = (size, confidence, baseline);
        _margins = [.. model.TrainingMargins];
        _reader = new FeedbackReader(
            model.Columns, model.ClassNames, label, group, [.. _margins.Select(readout => readout.Name)]);
        _columns = Columns(model.ClassNames);
        _instruments = new FeedbackInstruments(MeterName, name, () => Report);
    }

    /// <summary>What the rows of the window say; <see langword="null"/> before the first row.</summary>
    public FeedbackReport? Report
    {
        get
        {
            FeedbackRow[] window;
            long rows;
            lock (_lock)
            {
                if (_report is not null || _rows == 0) return _report;
                (window, rows) = ([.. _window], _rows);
            }

            FeedbackReport report = Evaluate(window, rows);
            lock (_lock)
            {
                if (rows == _rows) _report = report; // else rows have come in meanwhile
            }

            return report;
        }
    }

    /// <summary>Takes rows whose labels are now known. Those without a label or a group are left out.</summary>
    /// <param name="scored">Rows that the model, or its saved zip, has scored, with the columns of labels and groups. Read once.</param>
    /// <returns>How many rows were taken.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or the scores are of other classes than the
    /// model's.</exception>
    public int Add(IDataView scored)
    {
        ArgumentNullException.ThrowIfNull(scored);
        FeedbackRow[] rows = _reader.Read(scored);
        lock (_lock)
        {
            foreach (FeedbackRow row in rows)
            {
                if (_window.Count == _size) _window.Dequeue();
                _window.Enqueue(row);
            }

            _rows += rows.Length;
            if (rows.Length > 0) _report = null;
        }

        return rows.Length;
    }

    /// <summary>Ends the instruments. What has been taken can still be read.</summary>
    public void Dispose() => _instruments.Dispose();

    private FeedbackReport Evaluate(FeedbackRow[] window, long rows)
    {
        IDataView view = _ml.Data.LoadFromEnumerable(window, _columns);
        GroupMetrics groups = new GroupEvaluator(
            view.Schema, [nameof(FeedbackRow.Group)], nameof(FeedbackRow.Label), nameof(FeedbackRow.Score),
            nameof(FeedbackRow.PredictedLabel), new GroupEvaluationOptions { Confidence = _confidence })
            .Evaluate(view, CatalogEnvironment.Of(_ml.MulticlassClassification));
        return new FeedbackReport(
            groups, _baseline, _margins,
            [.. _margins.Select((_, readout) => (Margins(readout, wrong: false), Margins(readout, wrong: true)))], _confidence, rows);

        MarginDistribution Margins(int readout, bool wrong) => MarginDistribution.Of(
            [.. window.Select(row => row.Readouts[readout]).Where(each => each.Wrong == wrong).Select(each => each.Margin)]);
    }

    // The slots of the scores must say which class they belong to, since labels are names here.
    private static SchemaDefinition Columns(IReadOnlyList<string> classes)
    {
        var columns = SchemaDefinition.Create(typeof(FeedbackRow));
        SchemaDefinition.Column score = columns[nameof(FeedbackRow.Score)];
        score.ColumnType = new VectorDataViewType(NumberDataViewType.Single, classes.Count);
        score.AddAnnotation(
            ColumnAnnotation.SlotNames, new VBuffer<ReadOnlyMemory<char>>(classes.Count, [.. classes.Select(name => name.AsMemory())]),
            new VectorDataViewType(TextDataViewType.Instance, classes.Count));
        return columns;
    }
}
