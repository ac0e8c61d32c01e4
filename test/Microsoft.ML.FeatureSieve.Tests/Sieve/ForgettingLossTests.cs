using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class ForgettingLossTests
{
    [Theory]
    [InlineData("forgetting")]
    [InlineData("forgetting_extreme")]
    public void Value_and_gradient_are_the_references_and_not_those_of_softmax_applied_twice(string name)
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using JsonDocument all = Golden.Json("losses.json");
        JsonElement golden = all.RootElement.GetProperty(name);
        Tensor logits = Matrix(golden.GetProperty("logits")).requires_grad_();
        Tensor loss = ForgettingLoss.Of(logits);
        loss.backward();

        Assert.Equal(golden.GetProperty("value").GetDouble(), loss.ToDouble(), 10);
        Assert.True(logits.grad!.sub(Matrix(golden.GetProperty("gradient"))).abs().max().ToDouble() < 1e-10);
        Assert.NotEqual(golden.GetProperty("softmax_twice").GetProperty("value").GetDouble(), loss.ToDouble(), 3);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    public void Its_minimum_is_log_C_where_the_readout_says_nothing(int classes)
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using var generator = new Generator(7); // the global one is watched by a test that runs beside this one
        Assert.Equal(Math.Log(classes), ForgettingLoss.Of(full([4, classes], 3.5, ScalarType.Float64)).ToDouble(), 12);
        Assert.True(ForgettingLoss.Of(randn([4, classes], ScalarType.Float64, generator: generator)).ToDouble() > Math.Log(classes));
    }

    private static Tensor Matrix(JsonElement rows)
    {
        double[][] values = [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetDouble()).ToArray())];
        return tensor(values.SelectMany(row => row).ToArray(), [values.Length, values[0].Length], ScalarType.Float64);
    }
}
