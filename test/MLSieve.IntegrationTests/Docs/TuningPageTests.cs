using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>docs/tuning.md says what a search varies and does by default: it must be what the options say.</summary>
public sealed class TuningPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/tuning.md")).ReplaceLineEndings(" ");

    [Fact]
    public void The_table_of_the_space_has_the_values_of_the_default_space()
    {
        SieveSpace space = SieveSpace.Default;
        Assert.Contains($"| `Readout.Depth` | {string.Join(", ", space.Depths)} |", Page, StringComparison.Ordinal);
        Assert.Contains($"| `ForgetEvery` | {string.Join(", ", space.ForgetEvery)} |", Page, StringComparison.Ordinal);
        Assert.Contains($"| `ForgetLearningRate` | {Text(space.ForgetRateMultiple)} × the main rate |", Page, StringComparison.Ordinal);
        Assert.Contains($"| `ReadoutLearningRate` | {Text(space.ReadoutRateMultiple)} × the main rate |", Page, StringComparison.Ordinal);
        Assert.Null(space.Stages); // "every stage that the network has"
        Assert.Null(space.Widths); // "automatic"
    }

    [Fact]
    public void The_costs_of_the_page_are_those_of_the_defaults()
    {
        var options = new SieveSearchOptions();
        const int steps = 900;
        Assert.Contains(
            $"that is {Cost(RungPlan.Of(options.Halving, steps, null), options.Halving!.Factor):F0} full", Page, StringComparison.Ordinal);
        Assert.Contains($"(`Halving = null`) it is {Cost(RungPlan.Of(null, steps, null), 1):F0}", Page, StringComparison.Ordinal);

        double Cost(RungPlan rungs, int factor)
        {
            double sum = (options.SeedsPerTrial + (2 * options.ConfirmationSeeds)) * steps; // plain training, and what confirms
            int running = options.Trials, before = 0;
            foreach (int rung in rungs.Steps)
            {
                sum += running * options.SeedsPerTrial * (rung - before);
                (running, before) = ((running + factor - 1) / factor, rung);
            }

            return sum / steps;
        }
    }

    private static string Text(LogRange range) => string.Create(CultureInfo.InvariantCulture, $"{range.From} to {range.To}");
}
