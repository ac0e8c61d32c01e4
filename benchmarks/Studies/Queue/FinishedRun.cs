using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Studies;

/// <summary>What came of a run of a queue: a line of its study's file.</summary>
internal sealed record FinishedRun
{
    /// <summary>The form of a line.</summary>
    public static readonly JsonSerializerOptions Line = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Study { get; init; }

    public required RunPhase Phase { get; init; }

    public required string Method { get; init; }

    public required int Seed { get; init; }

    public required string Settings { get; init; }

    /// <summary>Training steps; null where they differ from method to method.</summary>
    public int? Steps { get; init; }

    /// <summary>
    /// The one figure that counts, 0 to 1. Of a search, the mean of groups on validation rows; of a final run, the study's own on
    /// test rows, mostly the accuracy where the attribute conflicts, or the mean of groups where it has none. Null where the training diverged.
    /// </summary>
    public double? Primary { get; init; }

    /// <summary>Figures on the rows that the phase looks at: validation rows in a search, test rows in a final run.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Figures of a final run on validation rows; null in a search.</summary>
    public IReadOnlyDictionary<string, double>? Validation { get; init; }

    /// <summary>The validation figure that chooses an epoch, epoch by epoch.</summary>
    public required IReadOnlyList<double> Curve { get; init; }

    /// <summary>What the training told at each validation; null where the model is another library's, or the line was written before this was.</summary>
    public RunPoints? Points { get; init; }

    /// <summary>
    /// What the trainer logged about the last epoch, how far forgetting went for one; null where the model is another library's.
    /// </summary>
    public string? LastEpoch { get; init; }

    /// <summary>Why there are no figures: the training diverged. Null where it did not.</summary>
    public string? Diverged { get; init; }

    /// <summary>Rows, epochs and what else all runs of the study share.</summary>
    public required string Conditions { get; init; }

    /// <summary>Seconds for reading, training and exporting.</summary>
    public required double Seconds { get; init; }

    /// <summary>What it was trained on.</summary>
    public required string Processor { get; init; }

    /// <summary>The arithmetic of training; null where the model is another library's.</summary>
    public string? Precision { get; init; }

    /// <summary>The commit of the program, as far as the build knew it.</summary>
    public required string Commit { get; init; }

    /// <summary>When it ended, UTC.</summary>
    public required DateTime Time { get; init; }

    /// <summary>Whether this is what came of a run.</summary>
    public bool Is(PlannedRun run) =>
        (Study, Conditions, Phase, Method, Settings, Seed) == (run.Study, run.Conditions, run.Phase, run.Method, run.Setting, run.Seed);

    /// <summary>What came of a run.</summary>
    public static FinishedRun Of(PlannedRun run, MethodStudy study, RunResult result)
    {
        bool isFinal = run.Phase == RunPhase.Final;
        IReadOnlyDictionary<string, double> metrics = isFinal ? result.Test : result.Validation;
        string primary = isFinal && metrics.ContainsKey(study.FinalFigure) ? study.FinalFigure : Figures.Unbiased;
        return new FinishedRun
        {
            Study = run.Study,
            Phase = run.Phase,
            Method = run.Method,
            Seed = run.Seed,
            Settings = run.Setting,
            Steps = study.Steps,
            Primary = result.Diverged is null ? metrics[primary] : null,
            Metrics = metrics,
            Validation = isFinal ? result.Validation : null,
            Curve = result.Curve,
            Points = result.Points,
            LastEpoch = result.Log.Count > 0 ? result.Log[^1] : null,
            Diverged = result.Diverged,
            Conditions = run.Conditions,
            Seconds = result.FitSeconds,
            Processor = TrainingProcessor.Name,
            Precision = result.Precision,
            Commit = Provenance.Commit,
            Time = DateTime.UtcNow,
        };
    }
}
