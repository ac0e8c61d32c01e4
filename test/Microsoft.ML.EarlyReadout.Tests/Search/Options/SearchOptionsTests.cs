using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class SearchOptionsTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(null, SelectionMetric.AverageAccuracy, "Cue", SelectionMetric.UnbiasedAccuracy)]
    [InlineData(null, SelectionMetric.AverageAccuracy, null, SelectionMetric.AverageAccuracy)]
    [InlineData(null, SelectionMetric.WorstGroupAccuracy, "Cue", SelectionMetric.WorstGroupAccuracy)]
    [InlineData(SelectionMetric.AverageAccuracy, SelectionMetric.AverageAccuracy, "Cue", SelectionMetric.AverageAccuracy)]
    [InlineData(SelectionMetric.WorstGroupAccuracy, SelectionMetric.WorstGroupAccuracy, "Cue", SelectionMetric.WorstGroupAccuracy)]
    public void Trials_are_compared_by_the_searchs_figure_else_by_one_that_the_trainer_was_given(
        SelectionMetric? search, SelectionMetric trainer, string? group, SelectionMetric expected)
    {
        var options = new PlainSearchOptions { Selection = search, Trainer = { Selection = trainer, GroupColumnName = group } };
        options.Validate();
        Assert.Equal(expected, options.Fixed().Selection);
    }

    [Theory]
    [InlineData(SelectionMetric.UnbiasedAccuracy, SelectionMetric.WorstGroupAccuracy,
        "Selection is UnbiasedAccuracy and Trainer.Selection is WorstGroupAccuracy; give one.")]
    [InlineData(null, SelectionMetric.LastEpoch, "Trainer.Selection is LastEpoch, which is no figure to compare trials by.")]
    public void A_figure_of_the_trainers_that_is_not_the_searchs_is_a_fault(
        SelectionMetric? search, SelectionMetric trainer, string fault)
    {
        var options = new PlainSearchOptions { Selection = search, Trainer = { Selection = trainer, GroupColumnName = "Cue" } };
        Assert.Equal(
            $"PlainSearchOptions has 1 fault:\n- {fault}",
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.SearchEarlyReadout(options)).Message,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Checkpoints_by_fewer_steps_than_0_are_a_fault_though_the_search_has_the_folder()
    {
        var options = new PlainSearchOptions
        {
            Trainer = { CheckpointEverySteps = -5 },
            KnownSettings = [new() { CheckpointEverySteps = -6 }],
        };
        Assert.Equal(
            """
            PlainSearchOptions has 2 faults:
            - Trainer: CheckpointEverySteps is -5; it must be at least 0.
            - KnownSettings[0]: CheckpointEverySteps is -6; it must be at least 0.
            """,
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.SearchEarlyReadout(options)).Message,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void A_lease_that_no_clock_can_add_is_a_fault()
    {
        var options = new PlainSearchOptions { Lease = TimeSpan.MaxValue };
        Assert.Contains(
            $"Lease is {TimeSpan.MaxValue}; it must be from one second to 30 days.",
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.SearchEarlyReadout(options)).Message,
            StringComparison.Ordinal);
        new PlainSearchOptions { Lease = TimeSpan.FromDays(30) }.Validate();
    }
}
