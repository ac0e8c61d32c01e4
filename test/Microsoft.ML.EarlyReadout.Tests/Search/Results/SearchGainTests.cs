using System.Text.Json;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class SearchGainTests
{
    [Fact]
    public void Quantiles_of_t_are_those_of_SciPy()
    {
        using JsonDocument golden = Golden.Json("gains.json");
        foreach (JsonElement each in golden.RootElement.GetProperty("quantiles").EnumerateArray())
        {
            double confidence = each.GetProperty("confidence").GetDouble(), expected = each.GetProperty("t").GetDouble();
            int freedom = each.GetProperty("freedom").GetInt32();
            double t = StudentT.TwoSided(confidence, freedom);
            Assert.True(Math.Abs(t / expected - 1) < 1e-8, $"{each}: {t}"); // as far as SciPy's own are exact
            Assert.Equal(1 - confidence, StudentT.Beyond(-expected, freedom), 1e-9);
        }
    }

    [Fact]
    public void The_interval_of_a_gain_is_that_of_SciPy()
    {
        using JsonDocument golden = Golden.Json("gains.json");
        foreach (JsonElement each in golden.RootElement.GetProperty("intervals").EnumerateArray())
        {
            double[] differences = [.. each.GetProperty("differences").EnumerateArray().Select(difference => difference.GetDouble())];
            SearchGain gain = Of(differences);
            Assert.Equal(each.GetProperty("mean").GetDouble(), gain.Mean, 1e-12);
            Assert.Equal(each.GetProperty("low").GetDouble(), gain.Low!.Value, 1e-9);
            Assert.Equal(each.GetProperty("high").GetDouble(), gain.High!.Value, 1e-9);
            Assert.Equal(each.GetProperty("low").GetDouble() > 0, gain.IsSignificant);
        }
    }

    [Theory]
    [InlineData(new[] { 0.0, 0.0 }, false)]
    [InlineData(new[] { 0.1, 0.1 }, false)] // as one seed: nothing tells how far it depends on the seed
    [InlineData(new[] { 1.1e-16, 1.1e-16, 1.1e-16 }, false)]
    [InlineData(new[] { 0.4, 0.0 }, false)]
    [InlineData(new[] { 0.5 }, false)] // one seed has no spread
    public void A_gain_is_shown_only_where_its_interval_lies_above_zero(double[] differences, bool isShown) =>
        Assert.Equal(isShown, Of(differences).IsSignificant);

    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(0.1, 0.1)]
    [InlineData(-0.025, -0.025, -0.02500000000000002)] // apart by rounding
    public void Seeds_that_do_not_differ_give_no_interval_and_no_p(params double[] differences)
    {
        SearchGain gain = Of(differences);
        Assert.Equal(differences[0], gain.Mean, 1e-12);
        Assert.Null(gain.Low);
        Assert.Null(gain.High);
        Assert.True(gain.DoSeedsAgree);
        Assert.Equal(1.0, SampleMean.Of(differences).P);
    }

    [Fact]
    public void The_interval_that_leaves_out_the_p_of_a_mean_begins_at_zero()
    {
        var mean = SampleMean.Of([0.02, 0.05, -0.01, 0.04]);
        (double low, double high) = mean.Interval(1 - mean.P)!.Value;
        Assert.Equal(0.0, low, 1e-9);
        Assert.Equal(2 * mean.Value, high, 1e-9);
    }

    [Fact]
    public void One_number_has_a_mean_and_no_spread()
    {
        var mean = SampleMean.Of([0.5]);
        Assert.Equal((0.5, 0.0, 1.0), (mean.Value, mean.Deviation, mean.P));
        Assert.Null(mean.Interval(0.95));
    }

    // Figures whose differences are exactly these.
    private static SearchGain Of(double[] differences) =>
        SearchGain.Of([.. differences.Select((difference, i) => new SeedDifference(i, 0, difference))], fresh: true);
}
