namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Where a model comes from: what it takes to train it again, and to tell whether two models saw the same rows. It is saved with the model.
/// The options are in <see cref="TrainingHistory.Settings"/>. Immutable.
/// </summary>
public sealed record TrainingRecord
{
    /// <summary>The trainer, such as <c>FeatureSieveTrainer</c>.</summary>
    public required string Trainer { get; init; }

    /// <summary>The version of this library that trained it.</summary>
    public required string LibraryVersion { get; init; }

    /// <summary>The seed that every random number came from.</summary>
    public required long Seed { get; init; }

    /// <summary>The network's name, such as <c>ResNet18</c>.</summary>
    public required string Network { get; init; }

    /// <summary>How many numbers the network's parameters are, those of frozen stages among them; readouts and the statistics of batch
    /// norm are not counted.</summary>
    public required long Parameters { get; init; }

    /// <summary>The training rows of each class, in the order of <see cref="EarlyReadoutTransformer.ClassNames"/>.</summary>
    public required IReadOnlyList<long> RowsByClass { get; init; }

    /// <summary>The validation rows; 0 where there were none.</summary>
    public required long ValidationRows { get; init; }

    /// <summary>
    /// A fingerprint of the rows that were read for training, held-out ones included, part by part: counts in words, and hashes of
    /// features, labels and the like. Equal rows in equal order have equal fingerprints.
    /// </summary>
    public required IReadOnlyDictionary<string, string> DataFingerprint { get; init; }

    /// <summary>The same of the rows of <see cref="TrainerOptions.ValidationSet"/>; empty where there was none.</summary>
    public required IReadOnlyDictionary<string, string> ValidationFingerprint { get; init; }

    /// <summary>What a session has trained.</summary>
    /// <param name="trainer">The trainer's name.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="session">The training.</param>
    internal static TrainingRecord Of(string trainer, long seed, TrainingSession session)
    {
        TrainingRows training = session.Training;
        var rows = new long[training.Set.Classes];
        foreach (long row in training.Indices) rows[training.Set.Labels[row]]++;
        TrainingSet? validation = session.Validation?.Set;
        return new TrainingRecord
        {
            Trainer = trainer,
            LibraryVersion = TrainingIdentity.LibraryVersion,
            Seed = seed,
            Network = session.Network.GetName(),
            Parameters = session.Network.parameters().Sum(parameter => parameter.NumberOfElements),
            RowsByClass = rows,
            ValidationRows = session.Validation?.Indices.Length ?? 0,
            DataFingerprint = training.Set.FingerprintOf(session.Cancellation),
            ValidationFingerprint = validation is null || ReferenceEquals(validation, training.Set)
                ? new Dictionary<string, string>()
                : validation.FingerprintOf(session.Cancellation),
        };
    }
}
