using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class HoldoutTests
{
    // 60, 30, 9 and 1 rows of the classes 0 to 3.
    private static readonly int[] _labels = [.. Enumerable.Range(0, 100).Select(row => row % 10 < 6 ? 0 : row % 10 < 9 ? 1 : row == 99 ? 3 : 2)];

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
        Assert.Equal("The validation part of 0.5 would be empty: there are 3 training rows, and each class keeps one to train on. Raise ValidationFraction, give a ValidationSet, or train without validation.",
            Assert.Throws<InvalidDataException>(() => Holdout.Split([0, 1, 2], 0.5, 1)).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void A_fraction_out_of_range_is_an_error(double fraction) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Holdout.Split([0, 0, 1, 1], fraction, 1));
}
