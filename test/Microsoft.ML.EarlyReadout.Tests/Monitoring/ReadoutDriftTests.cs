using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class ReadoutDriftTests
{
    [Fact]
    public void The_distance_is_that_of_kolmogorov_and_smirnov()
    {
        var training = new ReadoutMargins("R", Of(10, 0.01f), Of(10, 0.99f));
        var drift = ReadoutDrift.Of(training, Of(10, 0.02f), Of(10, 0.03f), confidence: 0.95);
        Assert.Equal(0.5, drift.Distance, 1e-12);
        Assert.Equal(1.3581 * Math.Sqrt(40 / 400.0), drift.CriticalDistance, 1e-4); // 1.3581: the tables' value at 5 %
        Assert.True(drift.HasDrifted);
        Assert.Equal(0.03 / 2, drift.Signal, 1e-6);
        Assert.Equal(0.99 / 2, drift.TrainingSignal, 1e-6);
    }

    [Fact]
    public void Equal_margins_are_at_no_distance()
    {
        var drift = ReadoutDrift.Of(new ReadoutMargins("R", Of(7, 0.4f), Of(0, 0)), Of(3, 0.4f), Of(0, 0), confidence: 0.95);
        Assert.Equal(0, drift.Distance);
        Assert.Equal((0, 0), (drift.Signal, drift.TrainingSignal));
        Assert.False(drift.HasDrifted);
    }

    [Fact]
    public void Margins_that_are_no_numbers_are_left_out_and_a_window_without_others_has_not_drifted()
    {
        var some = MarginDistribution.Of([float.NaN, 0.5f, 0.25f, float.NaN]);
        Assert.Equal((2, 0.375), (some.Count, some.Mean));
        Assert.Equal((1, 1, 2), (some.Histogram[5], some.Histogram[10], some.Histogram.Sum()));
        var none = MarginDistribution.Of([float.NaN]);
        Assert.Equal(0, none.Count);
        Assert.Null(none.Mean);

        var training = new ReadoutMargins("R", Of(3, 0.4f), Of(1, 0.8f));
        var drift = ReadoutDrift.Of(training, Of(0, 0), none, confidence: 0.95);
        Assert.Equal((0, 1, 0), (drift.Distance, drift.CriticalDistance, drift.Signal));
        Assert.Equal(0.2, drift.TrainingSignal, 1e-6);
        Assert.False(drift.HasDrifted);
    }

    [Fact]
    public void Where_nothing_has_changed_it_alarms_no_more_often_than_it_says()
    {
        const int Windows = 4_000;
        var random = new Random(1);
        int alarms = 0;
        for (int i = 0; i < Windows; i++)
        {
            var training = new ReadoutMargins("R", Drawn(500), Drawn(100));
            if (ReadoutDrift.Of(training, Drawn(200), Drawn(40), confidence: 0.95).HasDrifted) alarms++;
        }

        // Of the true rate 5 % a share of more than 6 % of 4,000 windows would be chance in 1 of 500 cases; binned, the rate is less.
        Assert.InRange(alarms, 1, 0.06 * Windows);

        MarginDistribution Drawn(int count) => MarginDistribution.Of([.. Enumerable.Range(0, count).Select(_ => random.NextSingle())]);
    }

    private static MarginDistribution Of(int count, float margin) => MarginDistribution.Of([.. Enumerable.Repeat(margin, count)]);
}
