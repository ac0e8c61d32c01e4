using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class BatchPlanTests
{
    [Theory]
    [InlineData(1, 32)]
    [InlineData(2, 32)]
    [InlineData(31, 32)]
    [InlineData(32, 32)]
    [InlineData(33, 32)]
    [InlineData(34, 32)]
    [InlineData(65, 32)]
    [InlineData(96, 32)]
    [InlineData(5, 1)]
    [InlineData(7, 2)]
    public void Every_row_is_in_exactly_one_batch_and_no_batch_but_an_only_one_has_a_single_row(int rows, int batchSize)
    {
        var plan = new BatchPlan(rows, batchSize);
        var seen = new List<int>();
        for (int batch = 0; batch < plan.Count; batch++)
        {
            (int offset, int length) = plan[batch].GetOffsetAndLength(rows);
            Assert.InRange(length, 1, batchSize + 1);
            if (batchSize > 1 && rows > 1) Assert.True(length > 1, $"batch {batch} has one row");
            seen.AddRange(Enumerable.Range(offset, length));
        }

        Assert.Equal(Enumerable.Range(0, rows), seen);
    }

    [Fact]
    public void A_short_last_batch_of_two_rows_stays_a_batch_of_its_own()
    {
        var plan = new BatchPlan(34, 32);
        Assert.Equal(2, plan.Count);
        Assert.Equal((32, 2), plan[1].GetOffsetAndLength(34));
    }
}
