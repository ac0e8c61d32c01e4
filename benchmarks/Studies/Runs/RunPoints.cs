using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>What a training told at each of its validations, as a table by columns: a line of JSON names each of them once.</summary>
internal sealed record RunPoints
{
    private const string Separator = ", "; // between a group's label and its attribute

    /// <summary>The steps done at each validation.</summary>
    public required IReadOnlyList<long> Steps { get; init; }

    /// <summary>The step whose network was kept: all figures of the run are that network's.</summary>
    public required long Selected { get; init; }

    /// <summary>How many validation rows each group has, by its name: the label, then the attribute.</summary>
    public required IReadOnlyDictionary<string, long> Rows { get; init; }

    /// <summary>At each validation, how many rows of each group were right, in the order of <see cref="Rows"/>.</summary>
    public required IReadOnlyList<IReadOnlyList<long>> Right { get; init; }

    /// <summary>
    /// What the training step told, by name: at each validation the mean over training rows since the one before, to five digits; null
    /// where there was nothing to tell, as of forgetting between steps that forget.
    /// </summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<double?>> Losses { get; init; }

    /// <summary>The points of a training; <see langword="null"/> where it had no validation.</summary>
    public static RunPoints? Of(TrainingHistory history)
    {
        TrainingPoint[] points = [.. history.Points.Where(point => point.Groups.Count > 0)];
        if (points.Length == 0 || history.Selected is not { } selected) return null;
        return new RunPoints
        {
            Steps = [.. points.Select(point => point.Step)],
            Selected = selected.Step,
            Rows = points[0].Groups.ToDictionary(group => group.Name, group => group.Count),
            Right = [.. points.Select(point => point.Groups.Select(group => group.Correct).ToArray())],
            Losses = points.SelectMany(point => point.Losses.Keys).Distinct().ToDictionary(name => name, Loss),
        };

        IReadOnlyList<double?> Loss(string name) =>
            [.. points.Select(point => point.Losses.TryGetValue(name, out double loss) ? Rounded(loss) : (double?)null)];
    }

    /// <summary>
    /// One of <see cref="StudyMetrics"/> at each validation, on validation rows; <see langword="null"/> where they do not give it.
    /// </summary>
    public IReadOnlyList<double>? Figure(string figure)
    {
        Func<IReadOnlyList<long>, double>? at = figure switch
        {
            StudyMetrics.Average => right => (double)right.Sum() / Rows.Values.Sum(),
            StudyMetrics.Unbiased => right => Shares(right).Average(),
            StudyMetrics.Worst => right => Shares(right).Min(),
            StudyMetrics.Agreeing => Part(Agreement.Agrees),
            StudyMetrics.Conflicting => Part(Agreement.Conflicts),
            _ => null,
        };
        return at is null ? null : [.. Right.Select(at)];
    }

    /// <summary>How many classes the groups are of.</summary>
    [JsonIgnore]
    public int Classes => Rows.Keys.Select(Label).Distinct().Count();

    private IEnumerable<double> Shares(IReadOnlyList<long> right) => right.Zip(Rows.Values, (correct, rows) => (double)correct / rows);

    private Func<IReadOnlyList<long>, double>? Part(string attribute)
    {
        (long Rows, int At)[] part = [.. Rows.Select((group, at) => (group.Key, group.Value, at))
            .Where(group => group.Key.EndsWith(Separator + attribute, StringComparison.Ordinal)).Select(group => (group.Value, group.at))];
        return part.Length == 0 ? null : right => (double)part.Sum(group => right[group.At]) / part.Sum(group => group.Rows);
    }

    private static string Label(string group) =>
        group.LastIndexOf(Separator, StringComparison.Ordinal) is >= 0 and int end ? group[..end] : group;

    private static double Rounded(double value) =>
        double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
