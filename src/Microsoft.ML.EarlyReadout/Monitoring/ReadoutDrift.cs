using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How far the margins of a readout have moved from those that it had when its training ended.</summary>
/// <param name="Name">The readout's name.</param>
/// <param name="Distance">The statistic of Kolmogorov and Smirnov: the largest difference of the two distributions' cumulated shares, over
/// the edges of 20 equal parts of [0, 1]. In [0, 1]; 0 where they are equal.</param>
/// <param name="CriticalDistance">What the distance exceeds by chance in so few windows that, where nothing has changed, at most
/// 1 − confidence of them have an alarm, of this readout, another one or the worst group
/// (<see cref="FeedbackReport.WorstGroupHasFallen"/>).</param>
/// <param name="Signal">The mean over the window of "wrong and confident": the margin where the readout is wrong, else 0. In [0, 1]. Rows
/// without a margin, whose features are no numbers, are left out of all figures; where the window has no others, nothing has
/// drifted.</param>
/// <param name="TrainingSignal">The same when training ended.</param>
[Experimental(ExperimentalId.Monitoring)]
public sealed record ReadoutDrift(string Name, double Distance, double CriticalDistance, double Signal, double TrainingSignal)
{
    /// <summary>Whether the distance is greater than chance explains.</summary>
    public bool HasDrifted => Distance > CriticalDistance;

    /// <summary>Compares margins.</summary>
    /// <param name="training">Those when training ended.</param>
    /// <param name="right">Those of the window's rows that the readout reads rightly.</param>
    /// <param name="wrong">Those that it reads wrongly.</param>
    /// <param name="confidence">The confidence level of this test alone: in at most 1 − confidence of all cases where nothing has changed
    /// the distance is above the critical one.</param>
    internal static ReadoutDrift Of(ReadoutMargins training, MarginDistribution right, MarginDistribution wrong, double confidence)
    {
        long before = training.Right.Count + training.Wrong.Count, now = right.Count + wrong.Count;
        double trainingSignal = (training.Wrong.Mean ?? 0) * training.Wrong.Count / before;
        if (now == 0) return new ReadoutDrift(training.Name, Distance: 0, CriticalDistance: 1, Signal: 0, trainingSignal);
        double distance = 0, sumBefore = 0, sumNow = 0;
        for (int bin = 0; bin < right.Histogram.Count; bin++)
        {
            sumBefore += training.Right.Histogram[bin] + training.Wrong.Histogram[bin];
            sumNow += right.Histogram[bin] + wrong.Histogram[bin];
            distance = Math.Max(distance, Math.Abs(sumBefore / before - sumNow / now));
        }

        // The bound of Kolmogorov and Smirnov for two samples. Binned margins only lie closer to each other.
        double critical = Math.Sqrt(-Math.Log((1 - confidence) / 2) / 2 * (before + now) / ((double)before * now));
        return new ReadoutDrift(training.Name, distance, critical, (wrong.Mean ?? 0) * wrong.Count / now, trainingSignal);
    }
}
