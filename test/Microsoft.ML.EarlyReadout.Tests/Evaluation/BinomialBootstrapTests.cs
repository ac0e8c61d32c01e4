using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class BinomialBootstrapTests
{
    [Fact]
    public void The_interval_is_the_quantiles_of_the_resampled_accuracy_worked_by_hand()
    {
        // n = 2, one right: p = ½, P(0, 1, 2 right) = ¼, ½, ¼. At 40 % the tails .3 and .7 both fall on 1 right; at 60 % .2 falls on 0 and .8 on 2.
        Assert.Equal(new ConfidenceInterval(0.5, 0.5), BinomialBootstrap.Interval(1, 2, 0.4));
        Assert.Equal(new ConfidenceInterval(0, 1), BinomialBootstrap.Interval(1, 2, 0.6));
    }

    [Fact]
    public void The_interval_agrees_with_resampling_the_rows()
    {
        const int count = 200, correct = 150, resamples = 4000;
        var random = new Random(5);
        double[] accuracies = new double[resamples];
        for (int i = 0; i < resamples; i++)
            accuracies[i] = Enumerable.Range(0, count).Count(_ => random.Next(count) < correct) / (double)count;
        Array.Sort(accuracies);
        ConfidenceInterval interval = BinomialBootstrap.Interval(correct, count, 0.95);
        Assert.Equal(accuracies[(int)(0.025 * resamples)], interval.Low, 0.0101);
        Assert.Equal(accuracies[(int)(0.975 * resamples)], interval.High, 0.0101);
    }

    [Fact]
    public void A_group_that_is_all_right_still_has_an_interval()
    {
        ConfidenceInterval interval = BinomialBootstrap.Interval(20, 20, 0.95);
        Assert.Equal(1, interval.High);
        Assert.InRange(interval.Low, 0.8, 0.95);
    }

    [Fact]
    public void The_interval_of_a_billion_rows_is_narrow_and_holds_the_accuracy()
    {
        ConfidenceInterval interval = BinomialBootstrap.Interval(700_000_000, 1_000_000_000, 0.95);
        Assert.Equal(2 * 1.96 * Math.Sqrt(0.7 * 0.3 / 1e9), interval.High - interval.Low, 1e-7);
        Assert.InRange(0.7, interval.Low, interval.High);
    }

    [Theory]
    [InlineData(20, 0.8)]
    [InlineData(20, 0.95)]
    [InlineData(133, 0.7)]
    [InlineData(642, 0.9)]
    public void A_groups_interval_covers_the_truth_as_often_as_it_says(int count, double truth) =>
        Assert.InRange(Coverage([count], truth, groups => BinomialBootstrap.Interval(groups[0].Correct, count, 0.95)), 0.93, 1);

    [Theory]
    [InlineData(4, 200)]
    [InlineData(10, 60)]
    public void The_worst_groups_interval_covers_the_truth_though_all_groups_are_equal(int groups, int count) =>
        Assert.InRange(Coverage([.. Enumerable.Repeat(count, groups)], 0.8, drawn => BinomialBootstrap.WorstGroupInterval(drawn, 0.95)), 0.95, 1);

    private static double Coverage(int[] counts, double truth, Func<(long Correct, long Count)[], ConfidenceInterval> interval)
    {
        const int trials = 1000;
        var random = new Random(7);
        int covered = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            (long, long)[] groups = [.. counts.Select(count => ((long)Enumerable.Range(0, count).Count(_ => random.NextDouble() < truth), (long)count))];
            ConfidenceInterval drawn = interval(groups);
            if (drawn.Low <= truth + 1e-9 && truth - 1e-9 <= drawn.High)
                covered++;
        }
        return covered / (double)trials;
    }
}
