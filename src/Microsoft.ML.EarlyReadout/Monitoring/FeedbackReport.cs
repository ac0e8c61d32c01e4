using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the newest labelled rows say of a model that serves: whether the shortcut has come back. Immutable.</summary>
/// <remarks>Made by <see cref="FeedbackMonitor"/>; <see cref="ToString"/> prints it.</remarks>
[Experimental(ExperimentalId.Monitoring)]
public sealed class FeedbackReport
{
    internal FeedbackReport(GroupMetrics groups, GroupMetrics? baseline, IReadOnlyList<ReadoutDrift> readouts, long rows) =>
        (Groups, Baseline, Readouts, RowCount) = (groups, baseline, readouts, rows);

    /// <summary>The accuracy by group of the window's rows, with intervals.</summary>
    public GroupMetrics Groups { get; }

    /// <summary>What the model did before it served; <see langword="null"/> where none was given.</summary>
    public GroupMetrics? Baseline { get; }

    /// <summary>
    /// Whether the worst group has fallen: its interval lies wholly below that of <see cref="Baseline"/>; <see langword="null"/> where
    /// there is none. Intervals of few rows are wide: a fall of a few points then shows late.
    /// </summary>
    public bool? WorstGroupHasFallen =>
        Baseline is null ? null : Groups.WorstGroupAccuracyInterval.High < Baseline.WorstGroupAccuracyInterval.Low;

    /// <summary>How far each readout has moved since its training; empty where the model has no readouts, or was saved by a version that
    /// did not store their margins.</summary>
    public IReadOnlyList<ReadoutDrift> Readouts { get; }

    /// <summary>All rows that the monitor has taken, those among them that have left the window.</summary>
    public long RowCount { get; }

    /// <summary>The groups as a table, then the worst group against the baseline, then the readouts.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Groups.ToString());
        if (Baseline is { } before)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"Worst group before: {before.WorstGroupAccuracy:F4} {Interval(before.WorstGroupAccuracyInterval)}, {before.WorstGroup}; "
                    + $"it {(WorstGroupHasFallen == true ? "has FALLEN" : "has not fallen beyond chance")}");
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

    private static string Interval(ConfidenceInterval interval) =>
        FormattableString.Invariant($"[{interval.Low:F4}, {interval.High:F4}]");
}
