using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using TorchSharp.Modules;

namespace MLSieve.Tests;

public sealed class OptimizerGoldenTests
{
    private static readonly JsonElement _golden = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "optimizers.json"))).RootElement;

    public static TheoryData<string> Cases =>
        [.. _golden.GetProperty("cases").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!)];

    [Theory, MemberData(nameof(Cases))]
    public void Every_step_matches_pytorch(string name)
    {
        NativeBackend.EnsureLoaded();
        using var scope = torch.NewDisposeScope();
        var golden = _golden.GetProperty("cases").EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == name);
        var parameters = golden.GetProperty("initial").EnumerateObject()
            .Select(entry => (entry.Name, Parameter: new Parameter(Read(entry.Name, entry.Value)))).ToArray();
        using var optimizer = Create(golden, parameters);
        int number = 0;
        foreach (var step in golden.GetProperty("steps").EnumerateArray())
        {
            optimizer.ZeroGradients();
            foreach (var gradient in step.GetProperty("gradients").EnumerateObject())
                parameters.Single(entry => entry.Name == gradient.Name).Parameter.grad = Read(gradient.Name, gradient.Value);
            if (golden.GetProperty("maxNorm").ValueKind == JsonValueKind.Number)
                optimizer.ClipGradients(golden.GetProperty("maxNorm").GetDouble());
            optimizer.Step(step.GetProperty("rate").GetDouble());
            foreach (var (key, parameter) in parameters)
            {
                float[] expected = Numbers(step.GetProperty("after").GetProperty(key)), found = parameter.detach().data<float>().ToArray();
                for (int i = 0; i < expected.Length; i++)
                    Assert.True(
                        Math.Abs(expected[i] - found[i]) < 1e-6,
                        $"step {number}, {key}[{i}]: expected {expected[i]:R}, found {found[i]:R}");
            }
            number++;
        }
        Assert.Equal(6, number);
    }

    private static Optimizer Create(JsonElement golden, (string, Parameter)[] parameters)
    {
        var options = golden.GetProperty("options");
        double Option(string key, double otherwise) => options.TryGetProperty(key, out var value) ? value.GetDouble() : otherwise;
        if (golden.GetProperty("kind").GetString() == "sgd")
            return new SgdOptimizer(parameters, Option("momentum", 0), Option("weight_decay", 0));
        return options.TryGetProperty("betas", out var betas)
            ? new AdamWOptimizer(parameters, betas[0].GetDouble(), betas[1].GetDouble(), Option("eps", 0), Option("weight_decay", 0))
            : new AdamWOptimizer(parameters, weightDecay: Option("weight_decay", 0));
    }

    private static torch.Tensor Read(string key, JsonElement values) =>
        torch.tensor(Numbers(values))
            .reshape([.. _golden.GetProperty("shapes").GetProperty(key).EnumerateArray().Select(size => size.GetInt64())]);

    private static float[] Numbers(JsonElement values) => [.. values.EnumerateArray().Select(value => value.GetSingle())];
}
