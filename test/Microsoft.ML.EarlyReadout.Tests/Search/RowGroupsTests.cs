using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class RowGroupsTests
{
    [Fact]
    public void A_group_conflicts_where_it_is_rarer_than_its_label_and_attribute_make_it()
    {
        // Training: a on x 5, a on y 1, b on x 2, b on y 2: of 10 rows 6 are a and 7 on x, so independent ones were 4.2, 1.8, 2.8, 1.2.
        using TrainingSet train = Read(("a", "x", 5), ("a", "y", 1), ("b", "x", 2), ("b", "y", 2));
        using TrainingSet validation = Read(("a", "x", 1), ("a", "y", 3), ("b", "y", 4), ("b", "z", 2));
        Assert.Equal(
            [
                new RowGroup("a, x", 5, 1, false),
                new RowGroup("a, y", 1, 3, true),
                new RowGroup("b, x", 2, 0, true),
                new RowGroup("b, y", 2, 4, false),
                new RowGroup("b, z", 0, 2, false), // no training row says what z goes with
            ],
            RowGroups.Of(train, validation));
    }

    [Fact]
    public void A_group_without_training_rows_conflicts_where_its_label_and_attribute_have_some()
    {
        using TrainingSet train = Read(("a", "x", 5), ("b", "y", 5));
        using TrainingSet validation = Read(("a", "x", 1), ("a", "y", 2), ("b", "y", 1));
        Assert.Equal(["a, y"], RowGroups.Of(train, validation).Where(group => group.IsConflicting).Select(group => group.Name));
    }

    [Fact]
    public void Without_groups_the_classes_are_counted_and_none_conflicts()
    {
        using TrainingSet train = Read(group: null, ("a", "x", 3), ("b", "x", 1));
        using TrainingSet validation = Read(group: null, ("b", "x", 2), ("a", "y", 2));
        Assert.Equal([new RowGroup("a", 3, 2, false), new RowGroup("b", 1, 2, false)], RowGroups.Of(train, validation));
    }

    private static TrainingSet Read(params (string Label, string Place, int Count)[] groups) => Read("Cue", groups);

    private static TrainingSet Read(string? group, params (string Label, string Place, int Count)[] groups)
    {
        var ml = new MLContext(seed: 1);
        IDataView view = BiasedRow.View(ml, groups.SelectMany(each =>
            Enumerable.Range(0, each.Count).Select(_ => new BiasedRow { Class = each.Label, Cue = each.Place, Features = new float[4] })));
        return TrainingSet.Read(
            view, new TrainingColumns("Features", "Label", group), new InputOptions(), new MemoryBudget(long.MaxValue, "", _ => { }),
            _ => { }, _ => { }, CancellationToken.None);
    }
}
