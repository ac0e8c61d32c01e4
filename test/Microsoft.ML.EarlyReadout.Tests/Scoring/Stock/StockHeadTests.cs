using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class StockHeadTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    [InlineData(1000)]
    public void A_fit_reads_every_class_a_few_times(int classes)
    {
        int reads = 0;
        StockHead head = StockHead.Fit(Label(classes), Counting(() => reads++));
        Assert.InRange(reads, classes, 6 * (classes + 1));
        Assert.Equal(classes, head.Classes);
        Assert.All(head.Scale, weight => Assert.True(weight > 0));
        Assert.All(head.Shift, shift => Assert.True(float.IsFinite(shift)));
    }

    [Fact]
    public void A_fit_stops_at_the_next_class_when_it_is_cancelled()
    {
        int reads = 0;
        var cancellation = new Cancellation(default, () => ++reads > 1500);
        Assert.ThrowsAny<OperationCanceledException>(() => StockHead.Fit(Label(1000), cancellation));
        Assert.Equal(1501, reads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(LabelColumn.MaxClasses + 1)]
    public void Too_few_or_too_many_classes_are_refused_with_the_number(int classes)
    {
        var error = Assert.Throws<ArgumentException>(() => StockHead.Fit(Label(classes)));
        Assert.Contains($"has {classes} classes; a classifier needs 2 to 10000", error.Message, StringComparison.Ordinal);
    }

    private static Cancellation Counting(Action count) => new(default, () =>
    {
        count();
        return false;
    });

    private static DataViewSchema.Column Label(int classes)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Label", new KeyDataViewType(typeof(uint), classes));
        return builder.ToSchema()[0];
    }
}
