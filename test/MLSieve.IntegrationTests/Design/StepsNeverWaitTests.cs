using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MLSieve.Tests;

/// <summary>What runs in every training step queues work for the device and never waits for it.</summary>
public sealed class StepsNeverWaitTests
{
    /// <summary>Reading a number, or a tensor's memory, and copies that libtorch makes the caller wait for.</summary>
    private static readonly string[] _waiting =
        ["item", "ToDouble", "ToSingle", "ToInt64", "ToInt32", "ToBoolean", "cpu", "data", "nonzero", "synchronize"];

    /// <summary>Classes all of whose code runs in steps, and methods that do.</summary>
    private static readonly string[] _inSteps =
    [
        "IRisk", "ITrainingStep", // and whoever implements them, but for what is done before an epoch
        "DistillationLoss", "TeacherScores.Logits", "Batch.Take", "BatchTensors.Send", "DeviceCopy",
        "Optimizer.Minimize", "GradientClipping",
    ];

    [Fact]
    public void No_step_reads_a_number_from_the_device()
    {
        MethodDeclarationSyntax[] methods = [.. LibrarySource.Libraries.SelectMany(LibraryMethods)];
        string[] names = [.. methods.Select(Name)];
        string[] known =
        [
            "SupervisedStep.Run", "DistillationStep.Run", "SieveStep.Run", "JointSieveStep.Run", "ReadoutStep.Run", "WeightedRisk.Of",
            "GroupDroRisk.Of", "Batch.Take", "TeacherScores.Logits", "DeviceCopy.Send",
        ];
        Assert.All(known, name => Assert.Contains(name, names));

        Assert.Empty(methods.SelectMany(method => Calls(method).Intersect(_waiting).Select(call => $"{Name(method)} calls {call}")));
    }

    [Fact]
    public void Copies_to_the_device_in_steps_go_by_the_way_that_nobody_waits_for()
    {
        string[] copies =
        [
            .. LibrarySource.Libraries.SelectMany(LibraryMethods)
                .Where(method => Name(method) != "DeviceCopy.Send")
                .Where(method => method.DescendantNodes().OfType<InvocationExpressionSyntax>().Any(IsCopy))
                .Select(Name),
        ];
        Assert.Empty(copies);

        static bool IsCopy(InvocationExpressionSyntax call) => (Called(call), call.ArgumentList.Arguments.ToString()) is
            ("to", var to) && to.Contains("device", StringComparison.OrdinalIgnoreCase)
            || (Called(call) == "tensor" && call.ArgumentList.Arguments.ToString().Contains("device:", StringComparison.Ordinal));
    }

    private static IEnumerable<MethodDeclarationSyntax> LibraryMethods(string library) =>
        LibrarySource.Compilation(library).SyntaxTrees
            .SelectMany(tree => tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>())
            .SelectMany(type => type.Members.OfType<MethodDeclarationSyntax>().Where(method => RunsInSteps(type, method)));

    private static bool RunsInSteps(TypeDeclarationSyntax type, MethodDeclarationSyntax method)
    {
        string name = type.Identifier.Text;
        if (_inSteps.Contains(name) || _inSteps.Contains($"{name}.{method.Identifier.Text}")) return true;
        return method.Identifier.Text != "BeforeEpoch" && type.BaseList?.Types.Any(each => _inSteps.Contains(each.Type.ToString())) == true;
    }

    private static string Name(MethodDeclarationSyntax method) =>
        $"{((TypeDeclarationSyntax)method.Parent!).Identifier.Text}.{method.Identifier.Text}";

    private static IEnumerable<string> Calls(MethodDeclarationSyntax method) =>
        method.DescendantNodes().OfType<InvocationExpressionSyntax>().Select(Called);

    private static string Called(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
        SimpleNameSyntax name => name.Identifier.Text,
        _ => "",
    };
}
