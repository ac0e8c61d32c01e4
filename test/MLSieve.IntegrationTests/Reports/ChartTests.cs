using System.Text.RegularExpressions;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class ChartTests
{
    [Theory]
    [InlineData(0, 1, "0", "0.2", "0.4", "0.6", "0.8", "1")]
    [InlineData(-3, 12, "0", "5", "10")]
    [InlineData(1799.5, 1800.5, "1799.6", "1799.8", "1800", "1800.2", "1800.4")]
    [InlineData(0, 0, "0")]
    [InlineData(5e16, 5e16, "50000000000000000")]
    [InlineData(-5e16, -5e16, "-50000000000000000")]
    public void Ticks_are_round_numbers_and_few_however_large_the_values(double low, double high, params string[] ticks) =>
        Assert.Equal(ticks, Chart.Ticks(low, high).Select(Chart.Number));

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1800, 0.5)]
    [InlineData(5e16, 5e7)]
    public void A_lone_value_lies_in_the_middle_of_its_axis(double value, double half)
    {
        var scale = Scale.Of(value, value);
        Assert.Equal(new Scale(value - half, value + half), scale);
        Assert.Equal(0.5, scale.At(value));
    }

    [Fact]
    public void A_line_that_stays_at_a_very_large_value_is_drawn()
    {
        var chart = new LineChart("title", "step", "loss", [new Series("main", [(5e16, 5e16), (5e16, 5e16)])]);
        string svg = chart.Draw("chart").Value;
        Assert.DoesNotContain("NaN", svg, StringComparison.Ordinal);
        Assert.Matches("points=\"227,129[.0-9]* 227,129[.0-9]*\"", svg);
    }

    [Theory]
    [InlineData(1, 2, "1", "2")]
    [InlineData(1, 3, "1", "2", "3")]
    [InlineData(0.25, 0.75, "0.3", "0.4", "0.5", "0.6", "0.7")]
    [InlineData(1, 1, "1")]
    [InlineData(0.4, 0.4, "0", "0.2", "0.4", "0.6", "0.8")] // one point, in the middle of -0.1 to 0.9
    [InlineData(0.1, 0.1, "0", "0.2", "0.4", "0.6")]
    public void The_x_axis_names_whole_numbers_and_where_there_are_none_parts_of_one(double first, double last, params string[] names)
    {
        var chart = new LineChart("title", "epoch", "loss", [new Series("main", [(first, 1), (last, 2)])]);
        MatchCollection ticks = Regex.Matches(chart.Draw("chart").Value, "text-anchor=\"middle\" class=\"tick\">([^<]*)<");
        Assert.Equal(names, ticks.Select(tick => tick.Groups[1].Value));
    }

    [Fact]
    public void A_marked_value_is_rounded_to_two_places()
    {
        var chart = new LineChart("title", "epoch", "loss", [new Series("main", [(1, 1), (2, 2)])]) { Mark = ("kept epoch", 100 / 63.0) };
        Assert.Contains(">kept epoch: 1.59<", chart.Draw("chart").Value, StringComparison.Ordinal);
    }
}
