using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>What came of a run: a line of its study's file.</summary>
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

    /// <summary>Its trial in the library's search; null in a final run, and where the method names its settings.</summary>
    public SearchedTrial? Trial { get; init; }

    /// <summary>Training steps, of a trial that was stopped those before; null where they differ from method to method.</summary>
    public int? Steps { get; init; }

    /// <summary>
    /// The one figure that counts, 0 to 1. Of a search, the mean of groups on validation rows; of a final run, the study's own on
    /// test rows, mostly the accuracy where the attribute conflicts, or the mean of groups where it has none. Null where the training
    /// diverged or failed.
    /// </summary>
    public double? Primary { get; init; }

    /// <summary>Figures on the rows that the phase looks at: validation rows in a search, test rows in a final run.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Figures of a final run on validation rows; null in a search.</summary>
    public IReadOnlyDictionary<string, double>? Validation { get; init; }

    /// <summary>The validation figure that chooses an epoch, epoch by epoch.</summary>
    public required IReadOnlyList<double> Curve { get; init; }

    /// <summary>
    /// What the training told at each validation; null of a trial, where the model is another library's, or the line was written before
    /// this was.
    /// </summary>
    public RunPoints? Points { get; init; }

    /// <summary>
    /// What the trainer logged about the last epoch, how far forgetting went for one; null where the model is another library's.
    /// </summary>
    public string? LastEpoch { get; init; }

    /// <summary>Why there are no figures: the training diverged. Null where it did not.</summary>
    public string? Diverged { get; init; }

    /// <summary>
    /// Why there are no figures: the run failed too often, for lack of memory for one. Null where it did not; only of a run of the
    /// library's search, since other runs that fail make no line.
    /// </summary>
    public string? Failed { get; init; }

    /// <summary>Rows, epochs and what else all runs of the study share.</summary>
    public required string Conditions { get; init; }

    /// <summary>Seconds for reading, training and exporting; null for a trial of the library's search, which trains it by parts.</summary>
    public double? Seconds { get; init; }

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

    /// <summary>
    /// A figure on validation rows along the steps; empty where it is not known. A line without <see cref="Points"/> has the mean of groups
    /// alone, at validations that are equally far apart.
    /// </summary>
    public IReadOnlyList<(long Step, double Value)> Course(string figure)
    {
        if (Points is not null) return Points.Figure(figure) is { } values ? [.. Points.Steps.Zip(values)] : [];
        return figure == StudyMetrics.Unbiased && Steps is { } steps
            ? [.. Curve.Select((value, i) => ((long)steps * (i + 1) / Curve.Count, value))]
            : [];
    }

    /// <summary>
    /// What the training step told along the steps, by its name in <see cref="RunPoints.Losses"/>; empty where it is not known.
    /// </summary>
    public IReadOnlyList<(long Step, double Value)> Loss(string name) => Points?.Losses.GetValueOrDefault(name) is { } losses
        ? [.. Points.Steps.Zip(losses).Where(point => point.Second is not null).Select(point => (point.First, point.Second!.Value))]
        : [];

    /// <summary>A run with its figures; what else is known of its training is left to whoever trained.</summary>
    /// <param name="run">The run.</param>
    /// <param name="study">Its study.</param>
    /// <param name="validation">Figures on validation rows; none where the training diverged.</param>
    /// <param name="test">Figures on test rows; none in a search, and where the training diverged.</param>
    public static FinishedRun Of(
        PlannedRun run, MethodStudy study, IReadOnlyDictionary<string, double> validation, IReadOnlyDictionary<string, double> test)
    {
        bool isFinal = run.Phase == RunPhase.Final;
        IReadOnlyDictionary<string, double> metrics = isFinal ? test : validation;
        string primary = isFinal && metrics.ContainsKey(study.FinalFigure) ? study.FinalFigure : StudyMetrics.Unbiased;
        return new FinishedRun
        {
            Study = run.Study,
            Phase = run.Phase,
            Method = run.Method,
            Seed = run.Seed,
            Settings = run.Setting,
            Steps = study.StepsOf(run.Method),
            Primary = metrics.TryGetValue(primary, out double figure) ? figure : null,
            Metrics = metrics,
            Validation = isFinal ? validation : null,
            Curve = [],
            Conditions = run.Conditions,
            Processor = TrainingProcessor.Name,
            Commit = Provenance.Commit,
            Time = DateTime.UtcNow,
        };
    }

    /// <summary>What came of a run of the library's search.</summary>
    /// <param name="study">The study.</param>
    /// <param name="method">The method.</param>
    /// <param name="place">Its place in the search.</param>
    /// <param name="trial">Its trial.</param>
    /// <param name="options">The trial's options.</param>
    /// <param name="run">The run.</param>
    public static FinishedRun Of(
        MethodStudy study, Method method, SearchedTrial place, SearchTrial trial, FeatureSieveTrainer.Options options, TrialRun run)
    {
        var metrics = new Dictionary<string, double>();
        if (run.Fault is null)
        {
            metrics[StudyMetrics.Unbiased] = run.Score;
            metrics[StudyMetrics.Average] = (double)run.Groups.Sum(group => group.Correct) / run.Groups.Sum(group => group.Count);
            metrics[StudyMetrics.Worst] = run.Groups.Where(group => group.Count > 0).Min(group => (double)group.Correct / group.Count);
        }

        return new FinishedRun
        {
            Study = study.Name,
            Phase = RunPhase.Search,
            Method = method.Name,
            Seed = checked((int)run.Seed),
            Settings = Setting.Of(options).ToString(),
            Trial = place,
            Steps = (int)(run.Fault is null ? trial.Steps : run.Curve.Select(point => point.Step).LastOrDefault()),
            Primary = run.Fault is null ? run.Score : null,
            Metrics = metrics,
            Curve = [.. run.Curve.Select(point => point.Score)],
            Diverged = trial.State == TrialState.Failed ? null : run.Fault,
            Failed = trial.State == TrialState.Failed ? run.Fault : null,
            Conditions = study.Conditions,
            Processor = TrainingProcessor.Name,
            Precision = options.Precision.ToString(),
            Commit = Provenance.Commit,
            Time = DateTime.UtcNow,
        };
    }
}
