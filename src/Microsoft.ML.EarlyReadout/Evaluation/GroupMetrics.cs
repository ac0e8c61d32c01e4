using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The accuracy of a multiclass classifier by group, with the summaries used where a spurious attribute may mislead it. Immutable.
/// </summary>
/// <remarks>
/// All accuracies are in [0, 1]. Only groups with evaluated rows count. Intervals are those of Clopper and Pearson at
/// <see cref="Confidence"/>: they hold the true accuracy at least as often as that says, for few rows and for accuracies near 0 and 1, too.
/// The worst group's interval allows for its being picked as the least of several, and holds it as often.
/// <see cref="UnbiasedAccuracyInterval"/> alone is approximate: at a confidence of 0.95 it holds the true mean in 93 % of cases or more.
/// </remarks>
public sealed class GroupMetrics
{
    private static readonly JsonSerializerOptions JsonOptions = new(ResultJson.Form) { RespectNullableAnnotations = true };

    /// <summary>The group with the least accuracy, by name; the first of equals.</summary>
    public required string WorstGroup { get; init; }

    /// <summary>The least of the groups' accuracies.</summary>
    public required double WorstGroupAccuracy { get; init; }

    /// <summary>The interval of the least group accuracy, whichever group has it.</summary>
    public required ConfidenceInterval WorstGroupAccuracyInterval { get; init; }

    /// <summary>Right rows over all evaluated rows; ML.NET's micro-accuracy.</summary>
    public required double AverageAccuracy { get; init; }

    /// <summary>The interval of <see cref="AverageAccuracy"/>.</summary>
    public required ConfidenceInterval AverageAccuracyInterval { get; init; }

    /// <summary>The plain mean of the groups' accuracies.</summary>
    public required double UnbiasedAccuracy { get; init; }

    /// <summary>
    /// The interval of <see cref="UnbiasedAccuracy"/>, from those of the groups (the method of variance estimates recovery).
    /// </summary>
    public required ConfidenceInterval UnbiasedAccuracyInterval { get; init; }

    /// <summary>
    /// The mean of the groups' accuracies weighted by their training counts; null when no training counts were given.
    /// Training groups without evaluated rows carry no weight.
    /// </summary>
    public required double? AdjustedAccuracy { get; init; }

    /// <summary>The plain mean over the true classes in the data of the share predicted right; ML.NET's macro-accuracy.</summary>
    public required double ClassBalancedAccuracy { get; init; }

    /// <summary>
    /// The gap between the top score and the accuracy, averaged over the rows by bins of the top score; in [0, 1].
    /// Null when the scores are not probabilities.
    /// </summary>
    public required double? ExpectedCalibrationError { get; init; }

    /// <summary>The mean of −ln p(true class), p at least 1e-15, in nats. Null when the scores are not probabilities.</summary>
    public required double? LogLoss { get; init; }

    /// <summary>Evaluated rows.</summary>
    public required long RowCount { get; init; }

    /// <summary>Rows left out because the label is missing.</summary>
    public required long RowsWithoutLabel { get; init; }

    /// <summary>Rows left out because a group value is missing (and the label is not).</summary>
    public required long RowsWithoutGroup { get; init; }

    /// <summary>Evaluated rows without a predicted label; they count as wrong.</summary>
    public required long MissingPredictions { get; init; }

    /// <summary>Evaluated rows with a NaN or infinite score; they count in the accuracies, not in calibration error and log-loss.</summary>
    public required long InvalidScores { get; init; }

    /// <summary>The confidence level of the intervals.</summary>
    public required double Confidence { get; init; }

    /// <summary>The groups that have evaluated rows, ordered by label, then by the group columns' values.</summary>
    public required IReadOnlyList<GroupResult> Groups { get; init; }

    /// <summary>Rows by true and predicted class.</summary>
    public required ConfusionTable ConfusionMatrix { get; init; }

    /// <summary>The figure that a metric names: what a trial of a search is scored by.</summary>
    /// <param name="metric">The metric; <see cref="SelectionMetric.UnbiasedAccuracy"/> is <see cref="UnbiasedAccuracy"/>.</param>
    /// <returns>A number from 0 to 1; greater is better.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The metric names no figure, as <see cref="SelectionMetric.LastEpoch"/>.</exception>
    public double Score(SelectionMetric metric) => metric switch
    {
        SelectionMetric.AverageAccuracy => AverageAccuracy,
        SelectionMetric.ClassBalancedAccuracy => ClassBalancedAccuracy,
        SelectionMetric.WorstGroupAccuracy => WorstGroupAccuracy,
        SelectionMetric.UnbiasedAccuracy => UnbiasedAccuracy,
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "It names no figure."),
    };

    /// <summary>A text table of the groups and the summaries, at most 100 columns wide.</summary>
    public override string ToString() => GroupMetricsTable.Render(this);

    /// <summary>The metrics as JSON with camel-case names.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JsonOptions);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not JSON, or a metric is missing.</exception>
    public static GroupMetrics FromJson(string json) =>
        JsonSerializer.Deserialize<GroupMetrics>(json, JsonOptions) ?? throw new JsonException("The JSON is null; it must be an object.");
}
