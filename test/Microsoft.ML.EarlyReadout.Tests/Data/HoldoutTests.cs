using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class HoldoutTests
{
    // 60, 30, 9 and 1 rows of the classes 0 to 3.
    private static readonly int[] _labels =
    [
        .. Enumerable.Range(0, 100).Select(row => row % 10 < 6 ? 0 : row % 10 < 9 ? 1 : row == 99 ? 3 : 2),
    ];

    [Fact]
    public void The_parts_make_up_the_rows_in_ascending_order()
    {
        var (train, validation) = Holdout.Split(_labels, 0.2, 5);
        Assert.Equal(20, validation.Length);
        Assert.Equal(train.Order(), train);
        Assert.Equal(validation.Order(), validation);
        Assert.Equal(Enumerable.Range(0, 100).Select(row => (long)row), train.Concat(validation).Order());
    }

    [Fact]
    public void Every_class_gives_its_share()
    {
        var (_, validation) = Holdout.Split(_labels, 0.2, 5);
        Assert.Equal([12, 6, 2, 0], Enumerable.Range(0, 4).Select(c => validation.Count(row => _labels[row] == c)));
    }

    [Theory]
    [InlineData(0.99)]
    [InlineData(0.5)]
    [InlineData(0.01)]
    public void Every_class_keeps_a_row_to_train_on(double fraction)
    {
        var (train, _) = Holdout.Split(_labels, fraction, 5);
        Assert.Equal([0, 1, 2, 3], train.Select(row => _labels[row]).Distinct().Order());
    }

    [Fact]
    public void Many_small_classes_still_give_the_fraction()
    {
        int[] labels = [.. Enumerable.Range(0, 60).Select(row => row / 3)];
        Assert.Equal(6, Holdout.Split(labels, 0.1, 1).Validation.Length);
    }

    [Fact]
    public void A_rare_group_has_a_validation_row_for_every_seed_and_the_parts_keep_their_sizes()
    {
        // Two classes of 2,000 rows, each in two groups; one group has 6 rows: less than one row by the fraction.
        int[] groups = [.. Enumerable.Range(0, 4000).Select(row => row < 2000 ? row % 2 : row < 2006 ? 2 : 3)];
        for (ulong seed = 0; seed < 100; seed++)
        {
            var (_, validation) = Holdout.Split(groups, 0.1, seed);
            Assert.Equal(400, validation.Length);
            Assert.Equal([100, 100, 1, 199], Enumerable.Range(0, 4).Select(group => validation.Count(row => groups[row] == group)));
        }
    }

    [Fact]
    public void What_many_rare_groups_give_more_than_their_part_the_large_one_gives_less()
    {
        // 100 groups of 5 rows and one of 1,000: 150 rows are held out, 100 of them from the small groups, which keep 4 each.
        int[] groups = [.. Enumerable.Range(0, 1500).Select(row => row < 500 ? row / 5 : 100)];
        var (train, validation) = Holdout.Split(groups, 0.1, 1);
        Assert.Equal(150, validation.Length);
        Assert.All(Enumerable.Range(0, 100), group => Assert.Equal((4, 1), (Of(train, group), Of(validation, group))));

        int Of(long[] rows, int group) => rows.Count(row => groups[row] == group);
    }

    [Fact]
    public void Groups_of_one_row_are_trained_on_and_no_other_pays_for_them()
    {
        int[] groups = [.. Enumerable.Range(0, 110).Select(row => row < 100 ? row : 100)]; // 100 single rows, and a group of 10
        var (train, validation) = Holdout.Split(groups, 0.2, 1);
        Assert.Equal(100, train.Count(row => groups[row] < 100));
        Assert.Equal(2, validation.Length);
    }

    [Fact]
    public void The_seed_decides()
    {
        Assert.Equal(Holdout.Split(_labels, 0.2, 5).Validation, Holdout.Split(_labels, 0.2, 5).Validation);
        Assert.NotEqual(Holdout.Split(_labels, 0.2, 5).Validation, Holdout.Split(_labels, 0.2, 6).Validation);
    }

    [Fact]
    public void Every_row_is_held_out_by_some_seed_about_equally_often()
    {
        int[] labels = [.. Enumerable.Range(0, 10).Select(row => row % 2)];
        var counts = new int[10];
        for (ulong seed = 0; seed < 2000; seed++)
            foreach (long row in Holdout.Split(labels, 0.4, seed).Validation)
                counts[row]++;
        Assert.All(counts, count => Assert.InRange(count, 700, 900)); // 800 ± 4.5 deviations
    }

    [Fact]
    public void A_validation_part_without_rows_is_an_error() =>
        Assert.Equal("The validation part of 0.5 would be empty: there are 3 training rows, and each class or group keeps one to train on. "
            + "Raise ValidationFraction, give a ValidationSet, or train without validation.",
            Assert.Throws<InvalidDataException>(() => Holdout.Split([0, 1, 2], 0.5, 1)).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void A_fraction_out_of_range_is_an_error(double fraction) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Holdout.Split([0, 0, 1, 1], fraction, 1));
}
