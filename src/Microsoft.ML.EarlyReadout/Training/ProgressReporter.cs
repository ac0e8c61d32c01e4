using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Turns steps into a few <see cref="TrainingProgress"/> a second. Losses are read from the device only then, and only then is a divergence looked for.</summary>
/// <param name="plan">What is trained.</param>
/// <param name="stepsPerEpoch">Steps in an epoch.</param>
/// <param name="rate">The learning rate in a step, from 1, of an epoch.</param>
internal sealed class ProgressReporter(TrainingPlan plan, int stepsPerEpoch, Func<int, int, double> rate)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private readonly Stopwatch _total = Stopwatch.StartNew();
    private readonly Stopwatch _epochWatch = new();
    private double? _start; // epochs done when this run began: a resumed training does not begin at 0
    private int _epoch;
    private int _firstStep;
    private TimeSpan _last;

    /// <summary>The time that the training steps of the last epoch took.</summary>
    public TimeSpan EpochTime { get; private set; }

    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="done">Steps of it that were done before.</param>
    public void StartEpoch(int epoch, int done)
    {
        _start ??= epoch - 1 + (double)done / stepsPerEpoch;
        _epoch = epoch;
        _firstStep = done;
        _epochWatch.Restart();
    }

    public void Advance(int step, LossMeters meters)
    {
        if (_total.Elapsed - _last < Interval || step == stepsPerEpoch) return;
        Report(step, meters);
    }

    /// <summary>Looks at what the steps since the last look have put out.</summary>
    /// <exception cref="TrainingDivergedException">A number was not finite.</exception>
    public void Check(LossMeters meters)
    {
        if (meters.FindFault() is { } fault) throw new TrainingDivergedException(plan.Name, _epoch, fault.Step, fault.Values, rate(_epoch, fault.Step));
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
        Check(meters);
        IReadOnlyDictionary<string, double> losses = meters.Read();
        if (plan.Progress is null) return losses;

        double done = (_epoch - 1) + (double)step / stepsPerEpoch;
        double rows = (double)plan.Rows.Rows.Length * (step - _firstStep) / stepsPerEpoch;
        plan.Progress.Report(new TrainingProgress(
            _epoch,
            plan.Epochs,
            step,
            stepsPerEpoch,
            losses,
            rows / Math.Max(_epochWatch.Elapsed.TotalSeconds, 1e-9),
            _total.Elapsed * ((plan.Epochs - done) / Math.Max(done - _start!.Value, 1.0 / stepsPerEpoch))));
        return losses;
    }
}
