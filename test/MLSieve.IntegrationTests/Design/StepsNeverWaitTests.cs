using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MLSieve.Tests;

/// <summary>What runs in every training step queues work for the device and never waits for it.</summary>
public sealed class StepsNeverWaitTests
{
    /// <summary>TorchSharp's ways to read a number or a tensor's memory, and results whose size only the device knows. A tensor as an index
    /// may be a mask, whose size is such a one.</summary>
    private static readonly string[] _waiting =
    [
        "item", "ToDouble", "ToSingle", "ToHalf", "ToInt64", "ToInt32", "ToInt16", "ToByte", "ToSByte", "ToBoolean", "op_Explicit", "cpu",
        "data", "bytes", "nonzero", "synchronize", "masked_select", "unique", "unique_consecutive", "argwhere", "bincount",
        "repeat_interleave", "is_nonzero", "allclose", "equal", "tolist", "ReadCpuDouble", "ReadCpuSingle", "index", "index_put",
        "index_put_",
    ];

    /// <summary>Uses that wait, and why they may.</summary>
    private static readonly string[] _reviewed =
    [
        "Linear.forward: nonzero", // on the CPU alone
        "InputLayer.Beside: to", // once, before the first step's work
        "GlooGroup.Add: cpu", // several processes meet in a sum, which goes over the CPU
        "RankGroup.Sum: tensor", // on the CPU
        "RankGroup.Sum: data", // of the CPU: numbers that ranks exchange, as once before the first sum by NCCL
        "BatchTensors.Fill: bytes", // of the CPU, which are filled
        "PackedRows.FirstByte: bytes", // the same
        "DeviceCopy.Send: to", // from pinned memory, which nobody waits for
    ];

    private static readonly Lazy<StepCalls> _calls = new(() => new StepCalls(LibrarySource.Libraries.Select(LibrarySource.Compilation)));

    [Fact]
    public void Every_step_and_every_layer_is_looked_at_with_what_it_calls()
    {
        IReadOnlySet<string> members = _calls.Value.Members;
        INamedTypeSymbol[] classes =
        [
            .. LibrarySource.Libraries.Select(LibrarySource.Compilation)
                .SelectMany(library => library.GetSymbolsWithName(_ => true, SymbolFilter.Type).OfType<INamedTypeSymbol>())
                .Where(type => type.TypeKind == TypeKind.Class),
        ];
        string[] steps =
        [
            .. classes.Where(type => type.AllInterfaces.Any(each => each.Name == "ITrainingStep")).Select(type => $"{type.Name}.Run"),
        ];
        Assert.Contains("JointSieveStep.Run", steps);
        string[] layers =
        [
            .. classes.Where(IsOfTorch).SelectMany(type => type.GetMembers().OfType<IMethodSymbol>())
                .Where(method => method is { Name: "forward" or "backward", IsOverride: true, IsAbstract: false })
                .Select(method => $"{method.ContainingType.Name}.{method.Name}"),
        ];
        Assert.Superset(
            new HashSet<string> { "Conv2d.forward", "SelfAttention.forward", "StagedNetwork.forward", "RankedBatchNorm.backward" },
            layers.ToHashSet());
        string[] deeper =
        [
            "WeightedRisk.Of", "GroupDroRisk.Of", "LabelLoss.Weigh", "Batch.Take", "TeacherScores.Logits", "DistillationLoss.Of",
            "DeviceCopy.Send", "GradientClipping.Apply", "AveragedWeights.Add", "Augmentation.Apply", "LossMeters.Add", "ForgettingLoss.Of",
            "Optimizer.Step", "AdamWOptimizer.Update",
        ];
        Assert.All(steps.Concat(layers).Concat(deeper), name => Assert.Contains(name, members));
        Assert.DoesNotContain("LossMeters.FindFault", members); // which waits, between steps
    }

    [Fact]
    public void Whatever_computes_gradients_is_looked_at()
    {
        IReadOnlyCollection<string> found = _calls.Value.Differentiating;
        Assert.Superset(
            new HashSet<string> { "Optimizer.Minimize", "SieveStep.TrainReadoutAndForget", "LastLayerDescent.Step" }, found.ToHashSet());
        Assert.All(found.Except(["PrecisionSpeed.Time"]), name => Assert.Contains(name, _calls.Value.Members)); // which measures a wait
    }

    [Fact]
    public void No_step_reads_a_number_from_the_device() => Assert.Empty(Waits(_calls.Value).Except(_reviewed));

    [Fact]
    public void Copies_to_the_device_in_steps_go_by_the_way_that_nobody_waits_for() =>
        Assert.Empty(Copies(_calls.Value).Except(_reviewed));

    [Fact]
    public void What_was_reviewed_is_still_there()
    {
        HashSet<string> found = [.. Waits(_calls.Value), .. Copies(_calls.Value)];
        Assert.All(_reviewed, use => Assert.Contains(use, found));
    }

    [Fact]
    public void A_new_step_that_waits_somewhere_below_is_found()
    {
        CSharpCompilation[] libraries = [.. LibrarySource.Libraries.Select(LibrarySource.Compilation)];
        CSharpCompilation last = libraries[^1];
        libraries[^1] = last.AddSyntaxTrees(CSharpSyntaxTree.ParseText(
            """
            using Microsoft.ML.EarlyReadout.Training;
            using static TorchSharp.torch;

            internal abstract class NewStep : ITrainingStep
            {
                public void Run(Batch batch, in StepContext context) => Below.Look(batch.Features);
            }

            internal static class Below
            {
                public static void Look(Tensor features)
                {
                    float seen = features.mean().item<float>(), cast = (float)features.mean();
                    Tensor some = features[features > features.mean()], column = features[TensorIndex.Colon, TensorIndex.Single(0)];
                    Tensor sent = tensor(new[] { seen }, device: features.device);
                    Tensor moved = sent.to(CUDA);
                }
            }
            """,
            (CSharpParseOptions)last.SyntaxTrees[0].Options, "NewStep.cs",
            cancellationToken: TestContext.Current.CancellationToken));
        var calls = new StepCalls(libraries);
        Assert.Equal(["Below.Look: item", "Below.Look: op_Explicit", "Below.Look: this[]"], Waits(calls).Except(_reviewed).Order());
        Assert.Equal(["Below.Look: tensor", "Below.Look: to"], Copies(calls).Except(_reviewed).Order());
    }

    private static IEnumerable<string> Waits(StepCalls calls) =>
        calls.OfTorch.Where(use => _waiting.Contains(use.Name) || (use.Name == "this[]" && use.Given.Contains("Tensor")))
            .Select(use => $"{use.By}: {use.Name}");

    /// <summary>Conversions to a device, and tensors that are made there of numbers of C#.</summary>
    private static IEnumerable<string> Copies(StepCalls calls) =>
        calls.OfTorch.Where(use => use.Name is "to" or "tensor" or "as_tensor" or "from_array" or "cuda")
            .Where(use => use.Name == "cuda" || use.Given.Any(type => type is "Device" or "DeviceType"))
            .Select(use => $"{use.By}: {use.Name}");

    private static bool IsOfTorch(INamedTypeSymbol type) =>
        type.BaseType is { } parent && (parent.ContainingAssembly.Name == "TorchSharp" || IsOfTorch(parent));
}
