using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A linear layer that leaves out the inputs that are zero in all rows of a batch gives what it gave with them.</summary>
public sealed class ZeroInputTests
{
    private const int Inputs = 500;
    private const int Batch = 8;

    [Theory]
    [InlineData(20, Precision.Float32, 1e-6)]
    [InlineData(20, Precision.BFloat16, 1e-2)]
    [InlineData(0, Precision.Float32, 0)]
    [InlineData(Inputs, Precision.Float32, 1e-6)]
    public void Outputs_and_gradients_are_the_same(int others, Precision precision, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        using var layer = new Linear(Inputs, 4) { Precision = precision };
        layer.Initialize(generator);
        Tensor batch = zeros(Batch, Inputs);
        if (others > 0) batch.narrow(1, Inputs - others, others).copy_(randn([Batch, others], generator: generator));
        Tensor upstream = randn([Batch, 4], generator: generator);
        (Tensor output, Tensor gradient) = Run();
        layer.SkipsZeroInputs = true;
        (Tensor skipped, Tensor skippedGradient) = Run();
        Assert.Equal(new long[] { Batch, 4 }, skipped.shape);
        Assert.True((output - skipped).abs().max().ToDouble() <= tolerance);
        Assert.True((gradient - skippedGradient).abs().max().ToDouble() <= tolerance);
        Assert.Equal(others == 0, gradient.abs().max().ToDouble() == 0);

        (Tensor, Tensor) Run()
        {
            foreach (var parameter in layer.parameters()) parameter.grad = null;
            Tensor result = layer.call(batch).to(ScalarType.Float32);
            (result * upstream).sum().backward();
            return (result, layer.parameters().First().grad!.clone());
        }
    }

    [Fact]
    public void Rows_count_as_mostly_zero_by_what_a_batch_of_them_has()
    {
        // 10 of 1,000 numbers are not zero: 25 rows have at most a quarter, 26 may have more.
        using var packer = new RowPacker(FeatureShape.Vector(1000), Rows.Budget(1 << 20));
        for (int row = 0; row < 50; row++)
        {
            float[] numbers = new float[1000];
            numbers.AsSpan(row, 10).Fill(1);
            packer.Add(numbers);
        }
        using PackedRows rows = packer.Finish();
        Assert.True(rows.AreMostlyZero(25));
        Assert.False(rows.AreMostlyZero(26));

        using var filled = new RowPacker(FeatureShape.Vector(1000), Rows.Budget(1 << 20));
        filled.Add([.. Enumerable.Range(1, 1000).Select(i => (float)i)]);
        using PackedRows dense = filled.Finish();
        Assert.False(dense.AreMostlyZero(1));
    }
}
