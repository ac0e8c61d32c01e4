using Quickstart;

namespace MLSieve.Tests;

public sealed class PairedDifferenceTests
{
    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(150)]
    public void The_interval_covers_the_difference_in_92_of_100_cases_or_more_though_the_models_hardly_differ(int count)
    {
        (double Low, double High)[][] intervals = [.. Enumerable.Range(0, count + 1)
            .Select(i => Enumerable.Range(0, count - i + 1).Select(j => PairedDifference.Interval(
            [.. Enumerable.Range(0, count).Select(row => row < i)], [.. Enumerable.Range(0, count).Select(row => row >= i && row < i + j)]))
                .ToArray())];
        double[] chances = [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9, 0.99, 1];
        foreach (double lost in chances)
            foreach (double won in chances.Where(won => won + lost <= 1))
                Assert.True(
                    Coverage(intervals, lost, won) >= 0.92, $"{Coverage(intervals, lost, won)} of {count} rows, lost {lost}, won {won}");
    }

    [Fact]
    public void Two_equal_models_have_an_interval_around_0()
    {
        bool[] hits = [.. Enumerable.Repeat(true, 300)];
        (double low, double high) = PairedDifference.Interval(hits, hits);
        Assert.InRange(high, 0.005, 0.02);
        Assert.Equal(-high, low, 12);
    }

    [Fact]
    public void Over_seeds_the_interval_is_Students()
    {
        // scipy.stats.t.interval(0.95, 4, d.mean(), scipy.stats.sem(d))
        (double low, double high) = PairedDifference.Interval([0.03, -0.01, 0.05, 0.02, 0.04])!.Value;
        Assert.Equal(-0.00258525, low, 1e-8);
        Assert.Equal(0.05458525, high, 1e-8);
    }

    [Fact]
    public void Seeds_that_do_not_differ_have_no_interval()
    {
        Assert.Null(PairedDifference.Interval([0, 0]));
        Assert.Null(PairedDifference.Interval([0.8 - 0.7, 0.9 - 0.8, 0.1])); // apart by rounding
    }

    /// <summary>Summed over all outcomes: i rows that the first model alone gets right, j that the second alone does.</summary>
    private static double Coverage((double Low, double High)[][] intervals, double lost, double won)
    {
        int count = intervals.Length - 1;
        double[] factorials = new double[count + 1];
        for (int i = 1; i <= count; i++) factorials[i] = factorials[i - 1] + Math.Log(i);
        double covered = 0;
        for (int i = 0; i <= count; i++)
        {
            for (int j = 0; j <= count - i; j++)
            {
                (double low, double high) = intervals[i][j];
                if (low > won - lost + 1e-12 || won - lost - 1e-12 > high) continue;
                int neither = count - i - j;
                covered += Math.Exp(factorials[count] - factorials[i] - factorials[j] - factorials[neither])
                    * Math.Pow(lost, i) * Math.Pow(won, j) * Math.Pow(Math.Max(0, 1 - lost - won), neither);
            }
        }
        return covered;
    }
}
