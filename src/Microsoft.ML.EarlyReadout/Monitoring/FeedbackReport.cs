using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the newest labelled rows say of a model that serves: whether the shortcut has come back. Immutable.</summary>
/// <remarks>Made by <see cref="FeedbackMonitor"/>; <see cref="ToString"/> prints it.</remarks>
[Experimental(ExperimentalId.Monitoring)]
public sealed class FeedbackReport
{
    private readonly double _level; // of each test
    private readonly (ConfidenceInterval Now, ConfidenceInterval Before)? _worst; // at that level

    /// <summary>Tests a window.</summary>
    /// <param name="groups">Its groups.</param>
    /// <param name="baseline">What the worst group is compared with, if with anything.</param>
    /// <param name="training">The readouts' margins when training ended.</param>
    /// <param name="window">Those of the window's rows, readout by readout.</param>
    /// <param name="confidence">The confidence level of all tests together.</param>
    /// <param name="rows">All rows that the monitor has taken.</param>
    internal FeedbackReport(
        GroupMetrics groups, GroupMetrics? baseline, IReadOnlyList<ReadoutMargins> training,
        IReadOnlyList<(MarginDistribution Right, MarginDistribution Wrong)> window, double confidence, long rows)
    {
        (Groups, Baseline, RowCount) = (groups, baseline, rows);
        // An alarm is any of the tests, so each has its share of the probability of a false one (Bonferroni).
        int tests = Math.Max(1, training.Count + (baseline is null ? 0 : 1));
        _level = 1 - (1 - confidence) / tests;
        if (baseline is not null) _worst = (Worst(groups), Worst(baseline));
        Readouts = [.. training.Zip(window, (before, now) => ReadoutDrift.Of(before, now.Right, now.Wrong, _level))];

        ConfidenceInterval Worst(GroupMetrics metrics) =>
            BinomialInterval.OfWorst([.. metrics.Groups.Select(group => (group.Correct, group.Count))], _level);
    }

    /// <summary>The accuracy by group of the window's rows, with intervals.</summary>
    public GroupMetrics Groups { get; }

    /// <summary>What the model did before it served; <see langword="null"/> where none was given.</summary>
    public GroupMetrics? Baseline { get; }

    /// <summary>
    /// Whether the worst group has fallen: its interval lies wholly below that of <see cref="Baseline"/>; <see langword="null"/> where
    /// there is none. Intervals of few rows are wide: a fall of a few points then shows late.
    /// </summary>
    /// <remarks>This, and <see cref="ReadoutDrift.HasDrifted"/> of each readout, are T tests of one window. Where nothing has changed, any
    /// of them alarms in at most 1 − confidence of all windows, so each is made at a confidence of 1 − (1 − confidence) / T. Both intervals
    /// are those of that level, wider than the ones that are told with <see cref="Groups"/> and <see cref="Baseline"/>.</remarks>
    public bool? WorstGroupHasFallen => _worst is { } worst ? worst.Now.High < worst.Before.Low : null;

    /// <summary>How far each readout has moved since its training; empty where the model has no readouts, or was saved by a version that
    /// did not store their margins.</summary>
    public IReadOnlyList<ReadoutDrift> Readouts { get; }

    /// <summary>All rows that the monitor has taken, those among them that have left the window.</summary>
    public long RowCount { get; }

    /// <summary>The groups as a table, then the worst group against the baseline, by the intervals that are compared, then the
    /// readouts.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Groups.ToString());
        if (Baseline is { } before && _worst is { } worst)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"Worst group before: {before.WorstGroupAccuracy:F4}, {before.WorstGroup}. Compared at {_level:0.######}: "
                    + $"{TextTable.Interval(worst.Before)} before, {TextTable.Interval(worst.Now)} now; it "
                    + $"{(WorstGroupHasFallen == true ? "has FALLEN" : "has not fallen beyond chance")}");
        }

        foreach (ReadoutDrift readout in Readouts)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{readout.Name}: margins moved by {readout.Distance:F4} ({(readout.HasDrifted ? "DRIFT" : "no drift")}: chance reaches "
                    + $"{readout.CriticalDistance:F4}); wrong and confident {readout.Signal:F4}, in training {readout.TrainingSignal:F4}");
        }

        return text.ToString();
    }
}
