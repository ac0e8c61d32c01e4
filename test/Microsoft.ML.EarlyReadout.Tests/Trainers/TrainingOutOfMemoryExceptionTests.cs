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
        var error = new TrainingOutOfMemoryException(
            "cpu", options, ranks, FeatureShape.Vector(4), 1 << 20, memory, new InvalidOperationException());
        Assert.Equal((rows, 8), (error.BatchSize, error.LargestBatchSize));
        Assert.StartsWith($"Out of memory while training on cpu with {had}", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_one_row_has_no_room_it_advises_no_smaller_batch_but_of_texts_fewer_tokens()
    {
        Assert.Equal(
            "Out of memory while training on cpu with batches of 64 rows: 1.0 MiB more could not be allocated. Not even one row of 8192 "
                + "tokens fits: set Network.MaxTokens to less (the log counts texts that are cut). Smaller images, a smaller network and "
                + "Precision.BFloat16 need less, too.",
            Message(FeatureShape.Tokens(8192, vocabulary: 40, separator: 3)));
        Assert.Contains(
            "more could not be allocated. Not even one row fits. Smaller images,", Message(FeatureShape.Image(3, 500, 500)),
            StringComparison.Ordinal);

        static string Message(FeatureShape shape)
        {
            var options = new EarlyReadoutEstimator.Options { BatchSize = 64 };
            var error = new TrainingOutOfMemoryException("cpu", options, 1, shape, 1 << 20, memory: null, new InvalidOperationException());
            Assert.Equal(0, error.LargestBatchSize);
            return error.Message;
        }
    }
}
