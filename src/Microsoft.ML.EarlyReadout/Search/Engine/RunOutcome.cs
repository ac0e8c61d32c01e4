using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What is known of a run: each of its validations, and whether it diverged.</summary>
internal sealed record RunOutcome
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>A run of which nothing is known yet.</summary>
    public static readonly RunOutcome Empty = new();

    /// <summary>The validations, by steps.</summary>
    public IReadOnlyList<Point> Points { get; init; } = [];

    /// <summary>The groups, or classes, of the validation rows, and the rows of each.</summary>
    public IReadOnlyList<Group> Groups { get; init; } = [];

    /// <summary>What the losses of the validations are.</summary>
    public IReadOnlyList<Meter> Meters { get; init; } = [];

    /// <summary>Why it diverged; <see langword="null"/>: it has not.</summary>
    public string? Divergence { get; init; }

    /// <summary>A validation.</summary>
    /// <param name="Step">Steps done.</param>
    /// <param name="Score">The figure.</param>
    /// <param name="Correct">The rows of each group that were right.</param>
    /// <param name="Losses">What the training told of itself since the validation before, by name.</param>
    public sealed record Point(long Step, double Score, IReadOnlyList<long> Correct, IReadOnlyDictionary<string, double> Losses);

    /// <summary>A group of the validation rows.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Count">Its rows.</param>
    public sealed record Group(string Name, long Count);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static RunOutcome Parse(string? json) => json is null ? Empty : JsonSerializer.Deserialize<RunOutcome>(json, Json) ?? Empty;

    /// <summary>The form in which a store keeps it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>With one more validation. Those from that step on go: a training repeats them whose checkpoint lies before them.</summary>
    public RunOutcome With(TrainingValidation validation) => this with
    {
        Points =
        [
            .. UpTo(validation.Step - 1).Points,
            new Point(validation.Step, validation.Score, [.. validation.Groups.Select(group => group.Correct)], validation.Losses),
        ],
        Groups = [.. validation.Groups.Select(group => new Group(group.Name, group.Count))],
        Meters = validation.Meters,
    };

    /// <summary>With what another attempt found out after the steps that are known.</summary>
    public RunOutcome GoingOnWith(RunOutcome later)
    {
        long known = Points.Count == 0 ? 0 : Points[^1].Step;
        return later with { Points = [.. Points, .. later.Points.Where(point => point.Step > known)] };
    }

    /// <summary>What was known after so many steps.</summary>
    public RunOutcome UpTo(long step) => this with { Points = [.. Points.Where(point => point.Step <= step)] };

    /// <summary>The validation whose network is kept after so many steps: the first of the highest.</summary>
    public Point? BestUpTo(long step) => Points.Where(point => point.Step <= step).MaxBy(point => point.Score);

    /// <summary>The figure at a rung, 0 where it diverged before; <see langword="null"/> where it has not come so far.</summary>
    /// <param name="steps">The rung's steps.</param>
    public double? FigureAt(long steps) =>
        Points.Any(point => point.Step >= steps) ? BestUpTo(steps)!.Score : Divergence is null ? null : 0;
}
