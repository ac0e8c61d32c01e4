using System.Reflection;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>The trainers of docs/own-method.md, compiled as a reader would: without access to the library's internals.</summary>
internal static class OwnMethodPage
{
    /// <summary>The code of a block.</summary>
    public static string Code(int block) =>
        DocumentationTests.CodeBlocksOf(File.ReadAllText(Path.Combine(Repository.Root, "docs", "own-method.md"))).ElementAt(block);

    /// <summary>Compiles a block.</summary>
    public static Assembly Compile(string code)
    {
        using var assembly = new MemoryStream();
        EmitResult result = DocumentationTests.Compilation(code).Emit(assembly);
        Assert.True(result.Success, string.Join(Environment.NewLine, result.Diagnostics));
        return Assembly.Load(assembly.ToArray());
    }

    /// <summary>New options of a trainer.</summary>
    public static TrainerOptions Options(Assembly block, string trainer) =>
        (TrainerOptions)Activator.CreateInstance(block.GetType($"{trainer}+Options", throwOnError: true)!)!;

    /// <summary>Makes a trainer.</summary>
    public static IEstimator<EarlyReadoutTransformer> Trainer(Assembly block, string trainer, MLContext ml, TrainerOptions options)
    {
        ConstructorInfo constructor = block.GetType(trainer, throwOnError: true)!.GetConstructors().Single();
        return (IEstimator<EarlyReadoutTransformer>)constructor.Invoke(
            BindingFlags.DoNotWrapExceptions, null, [(IHostEnvironment)ml, options], null);
    }
}
