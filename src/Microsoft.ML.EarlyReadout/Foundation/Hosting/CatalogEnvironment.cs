using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>
/// The environment behind an ML.NET catalog: where messages go to reach <see cref="MLContext.Log"/>, and what the user set in the
/// <see cref="MLContext"/>.
/// </summary>
/// <remarks>
/// ML.NET keeps it internal, and every catalog hands it out through one internal interface. This is the only place that reads it,
/// by name; a test pins it for each catalog type.
/// </remarks>
[Experimental(ExperimentalId.OwnMethod)]
public static class CatalogEnvironment
{
    /// <summary>The environment of a catalog.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <exception cref="NotSupportedException">It does not hand out its environment as Microsoft.ML 5.0 does.</exception>
    public static IHostEnvironment Of(MulticlassClassificationCatalog catalog) => Read(catalog);

    /// <summary>The environment of a catalog.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <exception cref="NotSupportedException">It does not hand out its environment as Microsoft.ML 5.0 does.</exception>
    public static IHostEnvironment Of(MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog) => Read(catalog);

    /// <summary>The environment of a catalog.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <exception cref="NotSupportedException">It does not hand out its environment as Microsoft.ML 5.0 does.</exception>
    public static IHostEnvironment Of(TransformsCatalog catalog) => Read(catalog);

    internal static IHostEnvironment Of(ModelOperationsCatalog catalog) => Read(catalog);

    /// <summary>The environment itself, or the one behind an <see cref="MLContext"/>, which shows neither its seed nor its
    /// cancellation.</summary>
    internal static IHostEnvironment Behind(IHostEnvironment environment) =>
        environment is MLContext context ? Of(context.MulticlassClassification) : environment;

    /// <summary>The seed that the <see cref="MLContext"/> was made with, if it was given one.</summary>
    internal static int? SeedOf(IHostEnvironment environment) =>
        environment.GetType().GetProperty("Seed")?.GetValue(environment) as int?;

    /// <summary>
    /// The folder for temporary files: <see cref="MLContext.TempFilePath"/>, which is the system's own where the user sets none.
    /// </summary>
    internal static string TemporaryFolderOf(IHostEnvironment environment) =>
        environment.GetType().GetProperty(nameof(MLContext.TempFilePath))?.GetValue(environment) is string { Length: > 0 } path
            ? path
            : Path.GetTempPath();

    /// <summary><see cref="MLContext.GpuDeviceId"/> and <see cref="MLContext.FallbackToCpu"/>.</summary>
    internal static (int? Gpu, bool FallsBackToCpu) GpuOf(IHostEnvironment environment)
    {
        Type type = environment.GetType();
        return (type.GetProperty(nameof(MLContext.GpuDeviceId))?.GetValue(environment) as int?,
            type.GetProperty(nameof(MLContext.FallbackToCpu))?.GetValue(environment) is true);
    }

    /// <exception cref="NotSupportedException">The catalog does not hand out its environment as Microsoft.ML 5.0 does.</exception>
    internal static IHostEnvironment Read(object catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        PropertyInfo? property = catalog.GetType().GetInterface("Microsoft.ML.Data.IInternalCatalog")?.GetProperty("Environment");
        return property?.GetValue(catalog) as IHostEnvironment ?? throw new NotSupportedException(
            $"{catalog.GetType().FullName} of {typeof(MLContext).Assembly.GetName().FullName} does not hand out its environment as "
                + "Microsoft.ML 5.0 does. " +
            "Use the Microsoft.ML version that this package names as its dependency.");
    }
}
