using System.Diagnostics.Metrics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The figures of a monitor as instruments. They are worked out when somebody listens and asks.</summary>
internal sealed class FeedbackInstruments : IDisposable
{
    private const string Prefix = "mlsieve.feedback.";
    private readonly System.Diagnostics.Metrics.Meter _meter;
    private readonly KeyValuePair<string, object?> _model;

    /// <param name="name">The meter's name.</param>
    /// <param name="model">The tag that tells models apart.</param>
    /// <param name="report">Gives the newest report.</param>
    public FeedbackInstruments(string name, string model, Func<FeedbackReport?> report)
    {
        _meter = new System.Diagnostics.Metrics.Meter(name);
        _model = new("model", model);
        _meter.CreateObservableCounter(
            Prefix + "rows", () => new Measurement<long>(report()?.RowCount ?? 0, _model), "{row}", "Labelled rows that were taken.");
        Gauge("accuracy", "Accuracy of the window's rows, by group.", now => now.Groups.Groups
            .Select(group => (group.Accuracy, new KeyValuePair<string, object?>?(new("group", group.Name)))));
        Gauge("worst_group.accuracy", "The least accuracy of a group.", now => One(now.Groups.WorstGroupAccuracy));
        Gauge("worst_group.accuracy.low", "The low end of its interval.", now => One(now.Groups.WorstGroupAccuracyInterval.Low));
        Gauge("worst_group.accuracy.high", "The high end of its interval.", now => One(now.Groups.WorstGroupAccuracyInterval.High));
        Readouts("distance", "How far its margins have moved since training.", readout => readout.Distance);
        Readouts("critical_distance", "How far chance moves them.", readout => readout.CriticalDistance);
        Readouts("signal", "The mean margin of what it reads wrongly, 0 for the rest.", readout => readout.Signal);

        void Readouts(string instrument, string what, Func<ReadoutDrift, double> figure) => Gauge(
            "readout." + instrument, what, now => now.Readouts
                .Select(readout => (figure(readout), new KeyValuePair<string, object?>?(new("readout", readout.Name)))));

        void Gauge(
            string instrument, string what,
            Func<FeedbackReport, IEnumerable<(double Value, KeyValuePair<string, object?>? Tag)>> figures) =>
            _meter.CreateObservableGauge(
                Prefix + instrument,
                () => report() is { } now
                    ? figures(now).Select(each => each.Tag is { } tag
                        ? new Measurement<double>(each.Value, _model, tag)
                        : new Measurement<double>(each.Value, _model))
                    : [],
                "1", what);

        static IEnumerable<(double, KeyValuePair<string, object?>?)> One(double value) => [(value, null)];
    }

    public void Dispose() => _meter.Dispose();
}
