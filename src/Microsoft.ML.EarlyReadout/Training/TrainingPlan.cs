namespace Microsoft.ML.EarlyReadout;

/// <summary>What a training loop runs over.</summary>
/// <param name="Name">What is trained, for the log; empty for the training proper.</param>
/// <param name="Rows">The rows to train on.</param>
/// <param name="Validation">The rows that select an epoch; <see langword="null"/>: the last epoch's weights stay.</param>
/// <param name="Epochs">Passes over the rows.</param>
/// <param name="Seeds">Draw the order and the augmentation.</param>
/// <param name="Progress">Receives progress.</param>
internal sealed record TrainingPlan(string Name, TrainingRows Rows, TrainingRows? Validation, int Epochs, SeedSequence Seeds, IProgress<TrainingProgress>? Progress)
{
    /// <summary>Whether it runs within a step of another loop, which then answers for checkpoints and cancellation.</summary>
    public bool IsNested { get; init; }

    /// <summary>Whether this is the training proper.</summary>
    public bool IsMain => Name.Length == 0;

    /// <summary>Draws the rows of an epoch in their order.</summary>
    public Func<TrainingRows, SeedSequence, long[]> Order { get; init; } = EpochOrder.Shuffled;

    /// <summary>Receives each epoch's figures.</summary>
    public TrainingHistory History { get; init; } = new();
}
