using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class StagedNetworkTests
{
    public static TheoryData<string> Networks => NetworkCases.Names;

    [Theory, MemberData(nameof(Networks))]
    public void Going_on_from_a_stage_gives_what_the_whole_network_gives(string name)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using StagedNetwork network = NetworkCases.Create(name);
        network.eval();
        Tensor rows = NetworkCases.Rows(network.Shape, 3);
        Tensor whole = network.call(rows);
        Assert.Equal([3, NetworkCases.Classes], whole.shape);
        for (int k = 0; k <= network.Stages.Count; k++)
            Assert.True(network.ForwardFrom(k, network.ForwardTo(k, rows)).equal(whole).all().item<bool>(), $"stage {k}");
    }

    [Theory, MemberData(nameof(Networks))]
    public void A_stage_puts_out_the_channels_and_the_stride_that_its_network_documents(string name)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using StagedNetwork network = NetworkCases.Create(name);
        network.eval();
        Tensor rows = NetworkCases.Rows(network.Shape, 2);
        (int Channels, int Stride)[] taps = NetworkCases.Taps(name);
        Assert.Equal(taps.Length, network.Stages.Count);
        for (int k = 1; k <= network.Stages.Count; k++)
        {
            (int channels, int stride) = taps[k - 1];
            Tensor tap = network.ForwardTo(k, rows);
            Assert.Equal(channels, tap.size(tap.dim() == 3 ? 2 : 1));
            if (tap.dim() < 4)
            {
                Assert.Equal(1, stride);
                continue;
            }
            var shape = Assert.IsType<ImageShape>(network.Shape);
            Assert.Equal((double)shape.Height / stride, tap.size(2), 1.0); // rounding at the edges is below one output pixel
            Assert.Equal((double)shape.Width / stride, tap.size(3), 1.0);
        }
    }

    [Theory, MemberData(nameof(Networks))]
    public void Parameters_up_to_a_stage_are_those_that_its_output_depends_on(string name)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        Tensor rows = NetworkCases.Rows(network.Shape, 4);
        for (int k = 1; k <= network.Stages.Count; k++)
        {
            network.zero_grad();
            foreach (var parameter in network.parameters()) parameter.grad = null;
            network.ForwardTo(k, rows).pow(Scalars.Of(2)).sum().backward();
            string[] reached = [.. network.named_parameters().Where(entry => entry.parameter.grad is not null).Select(entry => entry.name)];
            Assert.Equal(reached, network.ParametersTo(k).Select(entry => entry.Name));
        }
    }

    [Fact]
    public void A_stage_that_is_not_there_is_named_with_those_that_are()
    {
        using StagedNetwork network = NetworkCases.Create("Mlp");
        using Tensor rows = NetworkCases.Rows(network.Shape, 1);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => network.ForwardTo(3, rows));
        Assert.StartsWith("Mlp has stages 1 to 2.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_look_at_what_a_stage_puts_out_leaves_the_network_in_the_mode_that_it_was_in(bool training)
    {
        using StagedNetwork network = NetworkCases.Create("ConvNet");
        network.train(training);
        Assert.Equal(FeatureShape.Image(8, 8, 6), StageTap.Of(network, 1));
        Assert.Equal(training, network.training);
        Assert.Throws<ArgumentOutOfRangeException>(() => StageTap.Of(network, 4));
        Assert.Equal(training, network.training);
    }

    [Fact]
    public void A_head_that_is_replaced_goes_with_its_weights_and_the_new_one_is_told_by_its_names()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create("SqueezeNet11");
        string[] stages = [.. network.ParametersTo(network.Stages.Count).Select(entry => entry.Name)];
        Linear linear = network.EndInLinear();
        Assert.Same(linear, network.LastLinear);
        Assert.Equal(
            stages.Concat(["other_head.linear_head.1.weight", "other_head.linear_head.1.bias"]).Order(StringComparer.Ordinal),
            network.state_dict().Keys.Order(StringComparer.Ordinal));
        Assert.Equal([3, NetworkCases.Classes], network.call(NetworkCases.Rows(network.Shape, 3)).shape);
    }

    [Fact]
    public void What_a_replaced_head_shares_with_a_stage_stays()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        using var network = new Sharing();
        network.EndInLinear();
        Assert.Equal(
            ["other_head.linear_head.0.bias", "other_head.linear_head.0.weight", "shared.bias", "shared.weight"],
            network.state_dict().Keys.Order(StringComparer.Ordinal));
        Assert.Equal([2, 4], network.call(NetworkCases.Rows(network.Shape, 2)).shape);
    }

    [Fact]
    public void Equal_seeds_give_equal_weights_and_leave_the_global_generator_alone()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Tensor before = Generator.Default.get_state();
        using StagedNetwork one = NetworkCases.Create("ConvNet", seed: 5), same = NetworkCases.Create("ConvNet", seed: 5),
            other = NetworkCases.Create("ConvNet", seed: 6);
        Assert.All(one.parameters().Zip(same.parameters()), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
        Assert.All(one.parameters().Zip(other.parameters()), pair => Assert.False(pair.First.equal(pair.Second).all().item<bool>()));
        Assert.True(before.equal(Generator.Default.get_state()).all().item<bool>());
    }

    [Theory]
    [InlineData("ConvNet")]
    [InlineData("ResNet18")]
    public void Channels_last_changes_the_storage_and_no_number(string name)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        Tensor rows = NetworkCases.Rows(network.Shape, 4);
        network.eval();
        Tensor before = network.call(rows).detach();
        network.SetChannelsLast(true);
        Tensor tap = network.ForwardTo(1, rows);
        Assert.Equal(1, tap.stride(1));
        Assert.True(allclose(before, network.call(rows), rtol: 1e-4, atol: 1e-5));
        network.call(rows).sum().backward();
        Assert.All(network.parameters(), parameter => Assert.Equal(parameter.shape, parameter.grad!.shape));
    }

    [Theory]
    [InlineData("Mlp")]
    [InlineData("ConvNet")]
    [InlineData("ResNet18Small")]
    public void Bfloat16_trains_near_float32_and_keeps_weights_gradients_logits_and_scoring_in_float32(string name)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        Tensor rows = NetworkCases.Rows(network.Shape, 16);
        Tensor exact = network.call(rows).detach();
        network.SetPrecision(Precision.BFloat16);
        Assert.Equal(ScalarType.BFloat16, network.ForwardTo(1, rows).dtype);
        Tensor rough = network.call(rows);
        Assert.Equal(ScalarType.Float32, rough.dtype);
        Assert.False(rough.equal(exact).all().item<bool>());
        Assert.True(rough.detach().sub(exact).abs().max().item<float>() < 0.1f * exact.abs().max().item<float>());
        rough.sum().backward();
        Assert.All(network.parameters(), parameter => Assert.Equal(ScalarType.Float32, parameter.grad!.dtype));
        network.eval();
        Assert.Equal(ScalarType.Float32, network.ForwardTo(1, rows).dtype);
    }

    /// <summary>A linear layer is a stage and the head at once.</summary>
    private sealed class Sharing : StagedNetwork
    {
        public Sharing() : base("Sharing", FeatureShape.Vector(4), classes: 4)
        {
            var shared = Register("shared", new Linear(4, 4));
            AddStage("one", shared);
            SetHead("head", shared, new Relu());
        }
    }
}
