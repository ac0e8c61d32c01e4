using System.Text.Json;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// Coverage is summed over all outcomes, not simulated, and looked at where it is least: at accuracies near 0 and 1, and just beyond the
/// ends of the intervals.
/// </summary>
public sealed class BinomialIntervalTests
{
    private const double Confidence = 0.95;
    private const double Rounding = 1e-6;

    private static readonly double[] Accuracies =
    [
        0, 1e-5, 1e-4, 1e-3, 0.0025, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 0.9975, 0.999, 0.9999, 0.99999, 1,
    ];

    [Fact]
    public void Intervals_are_those_that_SciPy_gives()
    {
        using JsonDocument golden = Golden.Json("intervals.json");
        foreach (JsonElement expected in golden.RootElement.EnumerateArray())
        {
            ConfidenceInterval interval = BinomialInterval.Of(
                expected.GetProperty("correct").GetInt64(), expected.GetProperty("count").GetInt64(),
                expected.GetProperty("confidence").GetDouble());
            Assert.Equal(expected.GetProperty("low").GetDouble(), interval.Low, 1e-11);
            Assert.Equal(expected.GetProperty("high").GetDouble(), interval.High, 1e-11);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(68)]
    [InlineData(133)]
    [InlineData(642)]
    public void An_interval_covers_every_accuracy_at_least_as_often_as_it_says(int count)
    {
        ConfidenceInterval[] intervals =
        [
            .. Enumerable.Range(0, count + 1).Select(correct => BinomialInterval.Of(correct, count, Confidence)),
        ];
        Assert.All(Places(intervals), truth =>
            Assert.InRange(Probability(count, truth, correct => Holds(intervals[correct], truth)), Confidence - Rounding, 1 + Rounding));
        // It is no wider than that needs: taken over all accuracies it covers little more often.
        if (count >= 68)
            Assert.InRange(
                Enumerable.Range(1, 99).Average(i => Probability(count, i / 100.0, correct => Holds(intervals[correct], i / 100.0))),
                Confidence, 0.975);
    }

    [Theory]
    [InlineData(2, 20)]
    [InlineData(4, 5)]
    [InlineData(4, 200)]
    [InlineData(10, 60)]
    [InlineData(40, 30)]
    public void The_worst_groups_interval_covers_it_though_all_groups_are_equal(int groups, int count)
    {
        ConfidenceInterval[] intervals = [.. Enumerable.Range(0, count + 1)
            .Select(correct => BinomialInterval.OfWorst([.. Enumerable.Repeat(((long)correct, (long)count), groups)], Confidence))];
        Assert.All(Places(intervals), truth =>
        {
            // The least of the ends holds the truth where no upper end is below it and not all lower ends are above it.
            double noneBelow = Probability(count, truth, correct => intervals[correct].High >= truth - 1e-12);
            double above = Probability(count, truth, correct => intervals[correct].Low > truth + 1e-12);
            Assert.InRange(Math.Pow(noneBelow, groups) - Math.Pow(above, groups), Confidence - Rounding, 1 + Rounding);
        });
    }

    [Theory]
    [InlineData(20, 40)]
    [InlineData(5, 100)]
    public void The_worst_groups_interval_covers_it_whichever_group_it_is(int first, int second) =>
        AssertCovers([first, second], accuracies => accuracies.Min(), BinomialInterval.OfWorst, Confidence);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(5, 5)]
    [InlineData(20, 20)]
    [InlineData(20, 200)]
    [InlineData(40, 40)]
    [InlineData(6, 6, 6)]
    [InlineData(3, 12, 12)]
    public void The_interval_of_the_mean_of_groups_covers_it_in_93_of_100_cases_or_more(params int[] counts) =>
        AssertCovers(counts, accuracies => accuracies.Average(), BinomialInterval.OfMean, 0.93);

    [Fact]
    public void The_mean_of_one_group_has_the_interval_of_the_group()
    {
        ConfidenceInterval group = BinomialInterval.Of(66, 68, Confidence), mean = BinomialInterval.OfMean([(66, 68)], Confidence);
        Assert.Equal(group.Low, mean.Low, 12);
        Assert.Equal(group.High, mean.High, 12);
        Assert.Equal(group, BinomialInterval.OfWorst([(66, 68)], Confidence));
    }

    private static void AssertCovers(
        int[] counts, Func<double[], double> figure, Func<IReadOnlyList<(long Correct, long Count)>, double, ConfidenceInterval> interval,
        double least)
    {
        int[][] outcomes = [.. Product(counts.Select(count => Enumerable.Range(0, count + 1)))];
        ConfidenceInterval[] intervals =
        [
            .. outcomes.Select(outcome => interval([.. outcome.Zip(counts, (correct, count) => ((long)correct, (long)count))], Confidence)),
        ];
        double[] accuracies = counts.Length > 2 ? [0, 1e-3, 0.02, 0.1, 0.5, 0.9, 0.98, 0.999, 1] : Accuracies;
        foreach (double[] truths in Product(counts.Select(_ => accuracies)))
        {
            double truth = figure(truths);
            double[][] chances = [.. truths.Zip(counts, (accuracy, count) => Chances(count, accuracy))];
            double covered = 0;
            for (int i = 0; i < outcomes.Length; i++)
                if (Holds(intervals[i], truth))
                    covered += outcomes[i].Zip(chances, (correct, chance) => chance[correct]).Aggregate(1.0, (all, each) => all * each);
            Assert.True(
                covered >= least - Rounding, $"{covered} of accuracies {string.Join(", ", truths)} with {string.Join(", ", counts)} rows");
        }
    }

    private static IEnumerable<T[]> Product<T>(IEnumerable<IEnumerable<T>> sets) =>
        sets.Aggregate((IEnumerable<T[]>)[[]], (tuples, set) => tuples.SelectMany(tuple => set.Select(each => (T[])[.. tuple, each])));

    /// <summary>Accuracies everywhere, and just beyond each end, where coverage is least.</summary>
    private static IEnumerable<double> Places(IEnumerable<ConfidenceInterval> intervals) =>
        intervals.SelectMany(each => new[] { each.Low - 1e-9, each.High + 1e-9 }).Concat(Accuracies).Where(truth => truth is >= 0 and <= 1);

    private static bool Holds(ConfidenceInterval interval, double truth) => interval.Low <= truth + 1e-12 && truth - 1e-12 <= interval.High;

    private static double Probability(int count, double accuracy, Func<int, bool> holds) =>
        Chances(count, accuracy).Where((_, correct) => holds(correct)).Sum();

    /// <summary>The probability of 0, 1, … right rows.</summary>
    private static double[] Chances(int count, double accuracy)
    {
        if (accuracy is 0 or 1) return [.. Enumerable.Range(0, count + 1).Select(correct => correct == accuracy * count ? 1.0 : 0)];
        var chances = new double[count + 1];
        double logarithm = count * Math.Log(1 - accuracy);
        for (int correct = 0; correct <= count; correct++)
        {
            chances[correct] = Math.Exp(logarithm);
            logarithm += Math.Log((count - correct) / (correct + 1.0) * accuracy / (1 - accuracy));
        }
        return chances;
    }
}
