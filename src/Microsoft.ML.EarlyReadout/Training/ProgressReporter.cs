using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Turns steps into a few <see cref="TrainingProgress"/> a second, and times them.</summary>
/// <param name="plan">What is trained.</param>
internal sealed class ProgressReporter(TrainingPlan plan)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private readonly Stopwatch _total = Stopwatch.StartNew();
    private readonly Stopwatch _steps = new(); // runs while steps do: validation and what comes before an epoch are not their time
    private long? _start; // steps done when this run began: a resumed training does not begin at 0
    private long _pointStart;
    private TimeSpan _last;

    /// <summary>Whether it is time for a report.</summary>
    public bool IsDue => _total.Elapsed - _last >= Interval;

    /// <summary>Says that steps follow.</summary>
    /// <param name="step">Steps done before.</param>
    public void Begin(long step)
    {
        if (_start is null) _start = _pointStart = step;
        _steps.Start();
    }

    /// <summary>Says that no step follows for a while.</summary>
    public void Pause() => _steps.Stop();

    /// <summary>Says that the next step is the first after a point.</summary>
    /// <param name="step">Steps done before.</param>
    /// <returns>The time that the steps since the last point took.</returns>
    public TimeSpan EndPoint(long step)
    {
        TimeSpan time = _steps.Elapsed;
        _steps.Reset();
        _pointStart = step;
        return time;
    }

    /// <param name="step">Steps done.</param>
    /// <param name="losses">The means since the last point.</param>
    public void Report(long step, IReadOnlyDictionary<string, double> losses)
    {
        _last = _total.Elapsed;
        if (plan.Progress is null) return;
        int epoch = plan.EpochOf(step);
        long done = step - (_start ?? step); // none where a resumed training first ends its point
        plan.Progress.Report(new TrainingProgress(
            epoch,
            plan.Epochs,
            (int)(step - plan.StepsBefore(epoch)),
            plan.StepsIn(epoch),
            losses,
            done == 0 ? 0 : plan.Rows.Indices.Length * plan.EpochsIn(step - _pointStart) / Math.Max(_steps.Elapsed.TotalSeconds, 1e-9),
            done == 0 ? null : _total.Elapsed * ((double)(plan.Steps - step) / done)));
    }
}
