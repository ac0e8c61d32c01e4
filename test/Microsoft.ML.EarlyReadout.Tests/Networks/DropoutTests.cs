using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class DropoutTests
{
    [Fact]
    public void Dropout_keeps_the_mean_repeats_with_its_generator_and_rests_in_evaluation()
    {
        using var scope = NewDisposeScope();
        using var dropout = new Dropout(0.25);
        Tensor x = ones(100, 100);
        Tensor global = Generator.Default.get_state();

        dropout.SetGenerator(new Generator(4));
        Tensor first = dropout.call(x);
        dropout.SetGenerator(new Generator(4));
        Assert.True(first.equal(dropout.call(x)).all().item<bool>());
        Assert.False(first.equal(dropout.call(x)).all().item<bool>());
        Assert.Equal(1, first.mean().item<float>(), 0.05f);
        Assert.Equal(0.25, first.eq(Scalars.Zero).to(ScalarType.Float32).mean().item<float>(), 0.02);

        dropout.eval();
        Assert.True(dropout.call(x).equal(x).all().item<bool>());
        Assert.True(global.equal(Generator.Default.get_state()).all().item<bool>());
    }
}
