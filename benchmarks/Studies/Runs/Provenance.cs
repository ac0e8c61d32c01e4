using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace Studies;

/// <summary>What made a figure: kept with it, so that it can be traced when it is read back later.</summary>
/// <param name="Options">The command line.</param>
/// <param name="Versions">Versions of what computed it.</param>
/// <param name="Machine">What it was computed on.</param>
/// <param name="Time">When it ended, UTC.</param>
internal sealed record Provenance(string Options, IReadOnlyDictionary<string, string> Versions, string Machine, DateTime Time)
{
    /// <summary>This process, now.</summary>
    public static Provenance Now(string options) => new(
        options,
        new Dictionary<string, string>
        {
            ["earlyReadout"] = VersionOf(typeof(EarlyReadoutTransformer)),
            ["mlNet"] = VersionOf(typeof(MLContext)),
            ["torchSharp"] = VersionOf(typeof(torch)),
            ["dotnet"] = Environment.Version.ToString(),
        },
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores",
        DateTime.UtcNow);

    /// <summary>The commit that this program was built from, or <c>unknown</c>.</summary>
    public static string Commit => VersionOf(typeof(Provenance)).Split('+') is [_, string commit] ? commit : "unknown";

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? type.Assembly.GetName().Version!.ToString();
}
