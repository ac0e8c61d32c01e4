using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>SimKD with feature maps against PyTorch (test/golden/feature_matching.py).</summary>
public sealed class GoldenFeatureMatchingTests
{
    private const int Steps = 8;
    private const int Rows = 8;

    [Theory]
    [InlineData("equal")]
    [InlineData("smaller_teacher")]
    [InlineData("larger_teacher")]
    [InlineData("one_pixel")]
    [InlineData("weighted")]
    [InlineData("negative")]
    public void Eight_steps_end_where_the_reference_ends_and_the_exported_student_scores_as_it_does(string name)
    {
        NativeBackend.EnsureLoaded();
        using JsonDocument all = Golden.Json("feature_matching.json");
        JsonElement golden = all.RootElement.GetProperty(name);
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(Golden.Path("feature_matching.safetensors"));
        Tensor features = file.Read("data/features"), teacher = file.Read($"{name}/teacher");
        using var student = new Student();
        GoldenWeights.Load(student, file, "initial/");
        (FeatureShape tap, Layer[] pool) = StageTap.WithPool(student, 2);
        var own = Assert.IsType<ImageShape>(tap);
        ImageShape teachers = FeatureShape.Image((int)teacher.size(2), (int)teacher.size(3), (int)teacher.size(4));
        Sequence projector = MatchingProjector.Create(own, pool, teachers, golden.GetProperty("rectified").GetBoolean());
        int pools = own.Height > teachers.Height ? 1 : 0;
        LoadShifted(projector, file, pools);
        student.ReplaceHead(
            "simkd", projector, new GlobalAveragePool(),
            new Linear(file.Read($"{name}/classifier/weight"), file.Read($"{name}/classifier/bias")));

        float[] weights = golden.GetProperty("weighted").GetBoolean()
            ? file.Read("data/weights").flatten().data<float>().ToArray()
            : [.. Enumerable.Repeat(1f, Steps * Rows)];
        var options = new OptimizerOptions { Kind = OptimizerKind.Sgd, LearningRate = 0.01, WeightDecay = 1e-4, ClipNorm = 0 };
        using (var step = new FeatureMatchingStep(student, projector, TeacherTargets.AsRead, "TeacherFeatures", options, weights))
        {
            student.train();
            using var meters = new LossMeters(CPU, RankGroup.Single);
            for (int i = 0; i < Steps; i++)
            {
                meters.Reset();
                using var stepScope = NewDisposeScope();
                var batch = new Batch(
                    features[i], zeros(Rows, ScalarType.Int64),
                    [.. Enumerable.Range(Rows * i, Rows).Select(row => (long)row)])
                {
                    Columns = new Dictionary<string, Tensor> { ["TeacherFeatures"] = teacher[i] },
                };
                step.Run(batch, new StepContext(i, 1, meters));
                GoldenWeights.AssertNear(golden.GetProperty("losses")[i].GetDouble(), meters.Read()["main"], $"loss of step {i}");
            }
        }

        GoldenWeights.AssertEqual(projector, file, $"{name}/final/", "projector.");
        student.eval();
        using (no_grad())
        {
            Tensor expected = file.Read($"{name}/logits");
            Assert.True(allclose(expected, student.call(features[0]), rtol: 1e-3, atol: 1e-4));
            using var session = new InferenceSession(OnnxExporter.ToBytes(student));
            GraphParity.Verify(student, session, features[0]);
        }
    }

    /// <summary>The initial projector counts its layers without the pool.</summary>
    private static void LoadShifted(Sequence projector, SafetensorsFile file, int by)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in projector.state_dict())
        {
            string[] parts = name.Split('.', 2);
            value.copy_(file.Read($"initial/projector.{int.Parse(parts[0], null) - by}.{parts[1]}"));
        }
    }

    private sealed class Student : StagedNetwork
    {
        public Student() : base("golden student", FeatureShape.Image(3, 12, 12), classes: 4)
        {
            AddStage(
                "one", Register("stage1.conv", new Conv2d(3, 8, 3, padding: 1, bias: false)), Register("stage1.bn", new BatchNorm2d(8)),
                new Relu(), new MaxPool2d(2, 2));
            AddStage(
                "two", Register("stage2.conv", new Conv2d(8, 12, 3, padding: 1, bias: false)), Register("stage2.bn", new BatchNorm2d(12)),
                new Relu());
        }
    }
}
