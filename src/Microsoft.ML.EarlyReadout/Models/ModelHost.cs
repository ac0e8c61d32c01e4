using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a model takes from the <see cref="MLContext"/> that makes or loads it.</summary>
/// <param name="Device">Where it scores.</param>
/// <param name="TemporaryFolder">Gives the folder for temporary files whenever one is needed, so that what the user sets later
/// counts.</param>
internal sealed record ModelHost(ScoringDevice Device, Func<string> TemporaryFolder)
{
    /// <summary>No context: the CPU, and the system's folder.</summary>
    public static ModelHost None { get; } = new(ScoringDevice.Cpu, Path.GetTempPath);

    /// <summary>What a context says.</summary>
    /// <param name="environment">The context, or what is behind its catalogs.</param>
    /// <exception cref="InvalidOperationException">It asks for a GPU that ONNX Runtime cannot use.</exception>
    public static ModelHost Of(IHostEnvironment environment) =>
        new(ScoringDevice.Of(environment), () => CatalogEnvironment.TemporaryFolderOf(environment));
}
