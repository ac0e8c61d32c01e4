using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class RowGroupsTests
{
    [Fact]
    public void A_group_conflicts_where_it_is_rarer_than_its_label_and_attribute_make_it()
    {
        // Of 100 rows 60 are a and 70 on x, so independent ones were 42, 18, 28 and 12, each with a deviation of √(42 · 0.4 · 0.3) = 2.24.
        using TrainingSet train = Read(("a", "x", 50), ("a", "y", 10), ("b", "x", 20), ("b", "y", 20));
        using TrainingSet validation = Read(("a", "x", 1), ("a", "y", 3), ("b", "y", 4), ("b", "z", 2));
        Assert.Equal(
            [
                new RowGroup("a, x", 50, 1, false),
                new RowGroup("a, y", 10, 3, true),
                new RowGroup("b, x", 20, 0, true),
                new RowGroup("b, y", 20, 4, false),
                new RowGroup("b, z", 0, 2, false), // no training row says what z goes with
            ],
            RowGroups.Of(train, validation));
    }

    [Theory]
    [InlineData(38, false)]
    [InlineData(37, true)]
    public void A_group_that_is_rarer_by_luck_does_not_conflict(int rows, bool conflicts)
    {
        // 42 rows were expected, with a deviation of 2.24 and a little: two of them are 4.5 and a little.
        using TrainingSet train = Read(("a", "x", rows), ("a", "y", 60 - rows), ("b", "x", 70 - rows), ("b", "y", rows - 30));
        Assert.Equal(conflicts, RowGroups.Of(train, train).Single(group => group.Name == "a, x").IsConflicting);
    }

    [Fact]
    public void A_group_without_training_rows_conflicts_where_its_label_and_attribute_have_some()
    {
        using TrainingSet train = Read(("a", "x", 5), ("b", "y", 5));
        using TrainingSet validation = Read(("a", "x", 1), ("a", "y", 2), ("b", "y", 1));
        Assert.Equal(["a, y"], RowGroups.Of(train, validation).Where(group => group.IsConflicting).Select(group => group.Name));
    }

    [Fact]
    public void Groups_of_one_name_are_counted_as_one()
    {
        using TrainingSet train = Read(("a", "", 3), ("a", "(missing)", 2), ("b", "x", 5));
        using TrainingSet validation = Read(("a", "(missing)", 1), ("a", "", 2), ("b", "x", 4));
        Assert.Equal(["a, (missing)", "a, (missing)", "b, x"], train.GroupNames);
        Assert.Equal(
            [new RowGroup("a, (missing)", 5, 3, false), new RowGroup("b, x", 5, 4, false)], RowGroups.Of(train, validation));
    }

    [Fact]
    public void Groups_of_other_labels_with_one_name_are_counted_as_one_that_conflicts_where_either_does()
    {
        using TrainingSet train = Read(("a", "b, c", 2), ("a", "x", 38), ("a, b", "c", 10), ("b", "b, c", 30), ("b", "x", 20));
        using TrainingSet validation = Read(("a", "b, c", 3), ("a, b", "c", 4), ("b", "x", 5));
        Assert.Equal(
            [
                new RowGroup("a, b, c", 12, 7, true), // of 2 rows where 12.8 were expected, and of 10 where 1 was
                new RowGroup("a, x", 38, 0, false),
                new RowGroup("b, b, c", 30, 0, false),
                new RowGroup("b, x", 20, 5, true), // where 29 were expected
            ],
            RowGroups.Of(train, validation).OrderBy(group => group.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void Without_groups_the_classes_are_counted_and_none_conflicts()
    {
        using TrainingSet train = Read(group: null, ("a", "x", 3), ("b", "x", 1));
        using TrainingSet validation = Read(group: null, ("b", "x", 2), ("a", "y", 2));
        Assert.Equal([new RowGroup("a", 3, 2, false), new RowGroup("b", 1, 2, false)], RowGroups.Of(train, validation));
    }

    [Fact]
    public void Where_only_one_view_has_groups_none_conflicts_and_those_of_the_validation_rows_are_told()
    {
        using TrainingSet bare = Read(group: null, ("a", "x", 50), ("b", "y", 1));
        using TrainingSet grouped = Read(("a", "x", 1), ("b", "y", 4));
        Assert.Equal([new RowGroup("a, x", null, 1, false), new RowGroup("b, y", null, 4, false)], RowGroups.Of(bare, grouped));
        Assert.Equal([new RowGroup("a", 1, 50, false), new RowGroup("b", 4, 1, false)], RowGroups.Of(grouped, bare));
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
