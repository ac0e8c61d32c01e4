namespace Microsoft.ML.EarlyReadout;

/// <summary>Where a training stands, apart from its tensors.</summary>
internal sealed record CheckpointState
{
    /// <summary>The version of the files' form that this library writes and reads.</summary>
    public const int CurrentFormat = 4;

    /// <summary>The version of the files' form.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>What the training's course depends on.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }

    /// <summary>Which of the fit's loops is under way, by its name.</summary>
    public required string Loop { get; init; }

    /// <summary>Steps of that loop that are done.</summary>
    public required long Step { get; init; }

    /// <summary>Those up to its last point. Where the last step ends at a later one, that was still to be made.</summary>
    public required long Point { get; init; }

    /// <summary>Whether an epoch has begun that has not ended: what comes before it is done.</summary>
    public required bool HasBegunEpoch { get; init; }

    /// <summary>Whether a step has been done after which there is a model to return.</summary>
    public required bool HasModel { get; init; }

    /// <summary>The losses since the last point.</summary>
    public required IReadOnlyDictionary<string, MeterSum> Meters { get; init; }

    /// <summary>The steps that the best network so far has had; 0 before the first point.</summary>
    public required long BestStep { get; init; }

    /// <summary>Its validation figure.</summary>
    public required double? BestScore { get; init; }

    /// <summary>The file with its weights, in the checkpoint directory; <see langword="null"/> before the first.</summary>
    public required string? BestFile { get; init; }

    /// <summary>The points of the training proper.</summary>
    public required IReadOnlyList<TrainingPoint> History { get; init; }

    /// <summary>The steps of the network that the training proper kept; 0 where it has not ended.</summary>
    public required long SelectedStep { get; init; }

    /// <summary>The validation with a last layer that was fitted anew since; <see langword="null"/> where none was.</summary>
    public TrainingPoint? Refitted { get; init; }

    /// <summary>What has been worked out from networks that are gone, by name.</summary>
    public required IReadOnlyDictionary<string, long[]> Computed { get; init; }
}
