using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Studies;

/// <summary>One final run as it is written down; the Quickstart's records have the first four fields too.</summary>
internal sealed record Record
{
    /// <summary>The form of a record in a file of lines.</summary>
    public static readonly JsonSerializerOptions Line = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // arrows in the log stay readable
    };

    private static readonly JsonSerializerOptions Indented = new(Line) { WriteIndented = true };

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

    /// <summary>The arithmetic of training; null where the model is another library's, or the run was kept before this was.</summary>
    public string? Precision { get; init; }

    /// <summary>What made the run; null where it was kept before this was.</summary>
    public Provenance? Made { get; init; }

    /// <summary>The record of a run.</summary>
    /// <param name="study">The study.</param>
    /// <param name="method">The method, in the study's words.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="setting">The setting, in words that can be given to the study.</param>
    /// <param name="selectedBy">The validation figure that chose the setting, or <c>given</c>.</param>
    /// <param name="result">What came out.</param>
    public static Record Of(MethodStudy study, string method, int seed, string setting, string selectedBy, RunResult result) => new()
    {
        Study = study.Name,
        Method = method,
        Seed = seed,
        Metrics = result.Test,
        Validation = result.Validation,
        Setting = setting,
        SelectedBy = selectedBy,
        Conditions = RunKey.Parse(result.Key).Conditions,
        Diverged = result.Diverged,
        Log = result.Log,
        Precision = result.Precision,
        FitSeconds = result.FitSeconds,
        Made = result.Made,
    };

    /// <summary>Writes a list of records; the folder is made where it is missing.</summary>
    public static void Write(string path, IReadOnlyList<Record> records)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null) Directory.CreateDirectory(folder);
        File.WriteAllText(path, JsonSerializer.Serialize(records, Indented) + "\n");
    }
}
