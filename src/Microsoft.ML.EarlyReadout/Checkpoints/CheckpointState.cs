namespace Microsoft.ML.EarlyReadout;

/// <summary>Where a training stands, apart from its tensors.</summary>
internal sealed record CheckpointState
{
    /// <summary>The version of the files' form that this library writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The version of the files' form.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>What the training's course depends on.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }

    /// <summary>Which of the fit's loops is under way; empty for the training proper.</summary>
    public required string Loop { get; init; }

    /// <summary>The epoch that is under way, from 1; one more than there are where the loop has ended.</summary>
    public required int Epoch { get; init; }

    /// <summary>Steps of that epoch that are done; 0: the epoch has not begun.</summary>
    public required int Step { get; init; }

    /// <summary>Whether a step of the training proper has been done, so that there is a model to return.</summary>
    public required bool HasModel { get; init; }

    /// <summary>The losses of the epoch so far.</summary>
    public required IReadOnlyDictionary<string, MeterSum> Meters { get; init; }

    /// <summary>The best epoch so far; 0 before the first.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Its validation figure.</summary>
    public required double? BestScore { get; init; }

    /// <summary>The file with its weights, in the checkpoint directory; <see langword="null"/> before the first.</summary>
    public required string? BestFile { get; init; }

    /// <summary>What each epoch of the training proper has reported.</summary>
    public required IReadOnlyList<TrainingEpoch> History { get; init; }

    /// <summary>The epoch whose network the training proper kept; 0 where it has not ended.</summary>
    public required int SelectedEpoch { get; init; }

    /// <summary>What has been worked out from networks that are gone, by name.</summary>
    public required IReadOnlyDictionary<string, long[]> Recalled { get; init; }
}
