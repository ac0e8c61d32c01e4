using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Turns steps into a few <see cref="TrainingProgress"/> a second. Losses are read from the device only then, and only then can a divergence be seen.</summary>
internal sealed class ProgressReporter(TrainingPlan plan, int stepsPerEpoch)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private readonly Stopwatch _total = Stopwatch.StartNew();
    private readonly Stopwatch _epochWatch = new();
    private int _epoch;
    private TimeSpan _last;

    /// <summary>The time that the training steps of the last epoch took.</summary>
    public TimeSpan EpochTime { get; private set; }

    public void StartEpoch(int epoch)
    {
        _epoch = epoch;
        _epochWatch.Restart();
    }

    public void Advance(int step, LossMeters meters)
    {
        if (_total.Elapsed - _last < Interval || step == stepsPerEpoch) return;
        Report(step, meters);
    }

    /// <returns>The means of the epoch's losses.</returns>
    public IReadOnlyDictionary<string, double> EndEpoch(LossMeters meters)
    {
        IReadOnlyDictionary<string, double> losses = Report(stepsPerEpoch, meters);
        EpochTime = _epochWatch.Elapsed;
        return losses;
    }

    private IReadOnlyDictionary<string, double> Report(int step, LossMeters meters)
    {
        _last = _total.Elapsed;
        IReadOnlyDictionary<string, double> losses = meters.Read();
        if (losses.Values.Any(value => !double.IsFinite(value))) throw new TrainingDivergedException(_epoch, step, losses);
        if (plan.Progress is null) return losses;

        double done = (_epoch - 1) + (double)step / stepsPerEpoch;
        double rows = (double)plan.Rows.Rows.Length * step / stepsPerEpoch;
        plan.Progress.Report(new TrainingProgress(
            _epoch,
            plan.Epochs,
            step,
            stepsPerEpoch,
            losses,
            rows / Math.Max(_epochWatch.Elapsed.TotalSeconds, 1e-9),
            _total.Elapsed * ((plan.Epochs - done) / done)));
        return losses;
    }
}
