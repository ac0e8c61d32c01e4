using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class TrainingOutOfMemoryExceptionTests
{
    [Theory]
    [InlineData(64, null, 1, 64, "batches of 64 rows: ", "about 8 rows would fit: set BatchSize to 8.")]
    [InlineData(64, null, 3, 22, "batches of 22 rows in each of 3 ranks: ", "about 8 rows would fit: set BatchSize to 24.")]
    [InlineData(64, 16, 2, 16, "batches of 16 rows in each of 2 ranks: ", "about 8 rows would fit: set MicroBatchSize to 8.")]
    [InlineData(64, 48, 2, 32, "batches of 32 rows in each of 2 ranks: ", "about 8 rows would fit: set MicroBatchSize to 8.")]
    public void It_counts_the_rows_that_one_process_has_and_advises_the_option_of_all(
        int batchSize, int? microBatchSize, int ranks, int rows, string had, string advice)
    {
        var options = new EarlyReadoutEstimator.Options { BatchSize = batchSize, MicroBatchSize = microBatchSize };
        var memory = new BatchMemory(FreeBytes: 9 << 20, PerRow: 1 << 20);
        var error = new TrainingOutOfMemoryException("cpu", options, ranks, 1 << 20, memory, new InvalidOperationException());
        Assert.Equal((rows, 8), (error.BatchSize, error.LargestBatchSize));
        Assert.StartsWith($"Out of memory while training on cpu with {had}", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }
}
