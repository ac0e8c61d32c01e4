using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Losses, weights and 25 steps against PyTorch (test/golden/losses.py, distillation.py).</summary>
public sealed class GoldenDistillationTests
{
    [Theory]
    [InlineData("mlp", "teacher_term")]
    [InlineData("mlp", "both_terms")]
    [InlineData("mlp", "teacher_alone")]
    [InlineData("mlp", "probabilities")]
    [InlineData("convnet", "teacher_term")]
    [InlineData("convnet", "both_terms")]
    [InlineData("convnet", "teacher_alone")]
    [InlineData("convnet", "probabilities")]
    public void Twenty_five_steps_end_where_the_reference_ends(string networkName, string caseName)
    {
        NativeBackend.EnsureLoaded();
        using JsonDocument all = Golden.Json("distillation.json");
        JsonElement golden = all.RootElement.GetProperty(networkName).GetProperty(caseName);
        using var scope = NewDisposeScope();
        using SafetensorsFile start = SafetensorsFile.Open(Golden.Path($"feature_sieve_{networkName}.safetensors"));
        using SafetensorsFile file = SafetensorsFile.Open(Golden.Path($"distillation_{networkName}.safetensors"));

        using StagedNetwork network = networkName == "mlp" ? new GoldenMlp() : new GoldenConvNet();
        if (networkName == "convnet") network.Input.Configure([127.5f], [1 / 127.5f], ChannelOrder.Rgb);
        GoldenWeights.Load(network, start, "initial/stage1_depth1/");
        var options = new DebiasedDistillationTrainer.Options
        {
            Lambda = golden.GetProperty("lambda").GetDouble(),
            Temperature = golden.GetProperty("temperature").GetDouble(),
            WeightBothTerms = golden.GetProperty("both_terms").GetBoolean(),
            Optimizer =
            {
                Kind = OptimizerKind.Sgd,
                LearningRate = golden.GetProperty("rate").GetDouble(),
                WeightDecay = golden.GetProperty("decay").GetDouble(),
                ClipNorm = 0,
            },
        };
        bool probabilities = golden.GetProperty("probabilities").GetBoolean();
        Tensor features = start.Read(networkName == "mlp" ? "data/features" : "data/pixels"), labels = start.Read("data/labels"),
            teacher = file.Read("data/teacher");
        if (probabilities) teacher = nn.functional.softmax(teacher, 2);
        float[] weights = file.Read("data/weights").flatten().data<float>().ToArray();
        using var step = new DistillationStep(
            network, new TeacherScores("TeacherScore", null, probabilities), options, weights.Length, _ => weights, TeacherTargets.AsRead,
            LabelLoss.Plain);
        network.train();
        step.BeforeEpoch(1);
        using var meters = new LossMeters(CPU, RankGroup.Single);
        for (int i = 0; i < 25; i++)
        {
            meters.Reset();
            using var stepScope = NewDisposeScope();
            long[] rows = [.. Enumerable.Range(16 * i, 16).Select(row => (long)row)];
            var columns = new Dictionary<string, Tensor> { ["TeacherScore"] = teacher[i] };
            step.Run(new Batch(features[i], labels[i], rows) { Columns = columns }, new StepContext(i, 1, meters));
            GoldenWeights.AssertNear(golden.GetProperty("losses")[i].GetDouble(), meters.Read()["main"], $"loss of step {i}");
        }

        GoldenWeights.AssertEqual(network, file, $"final/{caseName}/");
    }

    [Fact]
    public void The_teachers_term_is_the_references()
    {
        NativeBackend.EnsureLoaded();
        using JsonDocument all = Golden.Json("losses.json");
        JsonElement golden = all.RootElement.GetProperty("distillation");
        using var scope = NewDisposeScope();
        Tensor student = Matrix(golden.GetProperty("student")), teacher = Matrix(golden.GetProperty("teacher"));
        Tensor labels = tensor(golden.GetProperty("labels").EnumerateArray().Select(label => label.GetInt64()).ToArray());
        double lambda = golden.GetProperty("lambda").GetDouble();
        double[] term = DistillationLoss.Of(student, teacher, golden.GetProperty("temperature").GetDouble())
            .to(float64)
            .data<double>()
            .ToArray();
        double[] entropy = nn.functional.cross_entropy(student, labels, reduction: nn.Reduction.None).to(float64).data<double>().ToArray();
        double value = term.Zip(entropy, (t, e) => lambda * t + (1 - lambda) * e).Average();
        Assert.Equal(golden.GetProperty("unweighted").GetProperty("value").GetDouble(), value, 1e-5);
    }

    [Fact]
    public void The_weights_are_the_references()
    {
        using JsonDocument all = Golden.Json("losses.json");
        foreach (JsonProperty set in all.RootElement.GetProperty("readout_weights").EnumerateObject())
        {
            var weighting = new ReadoutWeighting(
                set.Value.GetProperty("alpha").GetDouble(), set.Value.GetProperty("beta").GetDouble(), null);
            foreach ((JsonElement margin, JsonElement weight) in set.Value.GetProperty("margins")
                .EnumerateArray()
                .Zip(set.Value.GetProperty("weights").EnumerateArray()))
                Assert.Equal(weight.GetDouble(), weighting.OfWrong(margin.GetDouble()), 1e-9);
        }

        JsonElement golden = all.RootElement.GetProperty("distillation");
        var rows = new ReadoutWeighting(golden.GetProperty("alpha").GetDouble(), golden.GetProperty("beta").GetDouble(), null);
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        float[] probabilities = nn.functional.softmax(Matrix(golden.GetProperty("readout")), 1).data<float>().ToArray();
        int classes = golden.GetProperty("readout")[0].GetArrayLength();
        for (int i = 0; i < golden.GetProperty("labels").GetArrayLength(); i++)
        {
            int label = golden.GetProperty("labels")[i].GetInt32();
            ReadOnlySpan<float> row = probabilities.AsSpan(i * classes, classes);
            Assert.Equal(golden.GetProperty("wrong")[i].GetBoolean(), ReadoutWeighting.IsWrong(row, label));
            Assert.Equal(golden.GetProperty("margin")[i].GetDouble(), ConfidenceMargin.Of(row), 1e-6);
            Assert.Equal(golden.GetProperty("weights")[i].GetDouble(), rows.Of(row, label), 1e-4);
        }
    }

    private static Tensor Matrix(JsonElement rows)
    {
        float[] values = [.. rows.EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetSingle()))];
        return tensor(values).reshape(rows.GetArrayLength(), -1);
    }
}
