using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace Studies;

/// <summary>One final run as it is written down; the Quickstart's records have the first four fields too.</summary>
internal sealed record Record
{
    private static readonly JsonSerializerOptions Form = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // arrows in the log stay readable
    };

    public required string Study { get; init; }

    public required string Method { get; init; }

    public required int Seed { get; init; }

    /// <summary>Figures on the test rows; empty where the training diverged.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Figures on the validation rows.</summary>
    public required IReadOnlyDictionary<string, double> Validation { get; init; }

    /// <summary>The setting, in the form of <c>--setting</c>.</summary>
    public required string Setting { get; init; }

    /// <summary>The validation figure that chose the setting, or <c>given</c>.</summary>
    public required string SelectedBy { get; init; }

    /// <summary>What else the run depends on: rows, epochs, precision, schedule.</summary>
    public required string Conditions { get; init; }

    public string? Diverged { get; init; }

    /// <summary>What the trainer logged about each epoch.</summary>
    public required IReadOnlyList<string> Log { get; init; }

    public required double FitSeconds { get; init; }

    /// <summary>Versions of what computed it.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; } = new Dictionary<string, string>
    {
        ["earlyReadout"] = VersionOf(typeof(EarlyReadoutTransformer)),
        ["mlNet"] = VersionOf(typeof(MLContext)),
        ["torchSharp"] = VersionOf(typeof(torch)),
        ["dotnet"] = Environment.Version.ToString(),
    };

    /// <summary>What it was computed on.</summary>
    public string Machine { get; } = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores";

    /// <summary>When it was written down, UTC.</summary>
    public DateTime Time { get; } = DateTime.UtcNow;

    /// <summary>The record of a run.</summary>
    /// <param name="study">The study.</param>
    /// <param name="method">The method, in the study's words.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="setting">The setting, in words that can be given to the study.</param>
    /// <param name="selectedBy">The validation figure that chose the setting, or <c>given</c>.</param>
    /// <param name="result">What came out.</param>
    public static Record Of(Study study, string method, int seed, string setting, string selectedBy, RunResult result) => new()
    {
        Study = study.Name,
        Method = method,
        Seed = seed,
        Metrics = result.Test,
        Validation = result.Validation,
        Setting = setting,
        SelectedBy = selectedBy,
        Conditions = result.Key[..result.Key.IndexOf(" |", StringComparison.Ordinal)],
        Diverged = result.Diverged,
        Log = result.Log,
        FitSeconds = result.FitSeconds,
    };

    /// <summary>Writes a list of records; the folder is made where it is missing.</summary>
    public static void Write(string path, IReadOnlyList<Record> records)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null) Directory.CreateDirectory(folder);
        File.WriteAllText(path, JsonSerializer.Serialize(records, Form) + "\n");
    }

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? type.Assembly.GetName().Version!.ToString();
}
