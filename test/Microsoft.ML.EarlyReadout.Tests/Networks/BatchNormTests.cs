using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class BatchNormTests
{
    [Fact]
    public void Each_mode_normalises_by_its_statistics_and_moves_the_stored_ones_only_where_it_says_so()
    {
        using var scope = NewDisposeScope();
        using var norm = new BatchNorm2d(2);
        using var generator = new Generator(3);
        Tensor x = empty(5, 2, 3, 3).normal_(4, 2, generator);

        norm.Mode = BatchNormMode.Stored;
        Assert.True(allclose(norm.call(x), x, rtol: 1e-4)); // stored mean 0, variance 1
        Assert.Equal([0f, 0f], Mean(norm));

        norm.Mode = BatchNormMode.BatchOnly;
        Assert.True(norm.call(x).mean().abs().item<float>() < 1e-5);
        Assert.Equal([0f, 0f], Mean(norm));

        norm.Mode = BatchNormMode.BatchAndStore;
        Assert.True(norm.call(x).mean().abs().item<float>() < 1e-5);
        Assert.All(Mean(norm), mean => Assert.InRange(mean, 0.3f, 0.5f)); // a tenth of the way to 4

        norm.eval();
        float[] kept = Mean(norm);
        norm.call(x);
        Assert.Equal(kept, Mean(norm));
    }

    [Fact]
    public void A_batch_of_one_value_a_channel_leaves_no_NaN_behind()
    {
        using var scope = NewDisposeScope();
        using var norm = new BatchNorm2d(2);
        Tensor result = norm.call(ones(1, 2, 1, 1));
        Assert.True(result.isfinite().all().item<bool>());
        Assert.All(norm.buffers(), buffer => Assert.True(buffer.isfinite().all().item<bool>()));
    }

    private static float[] Mean(BatchNorm2d norm) => norm.get_buffer("running_mean")!.data<float>().ToArray();
}
