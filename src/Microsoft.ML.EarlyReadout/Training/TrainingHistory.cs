namespace Microsoft.ML.EarlyReadout;

/// <summary>What a training reported at the end of each epoch, for curves. Complete once <c>Fit</c> has returned; it is not saved with the model.</summary>
/// <threadsafety>Reading is thread-safe.</threadsafety>
public sealed class TrainingHistory
{
    private readonly List<TrainingEpoch> _epochs = [];

    internal TrainingHistory() { }

    /// <summary>
    /// The epochs in order. Where a fit was stopped within an epoch and its network is the one as the last step left it, that epoch is the
    /// last one here: with the means of
    /// the steps that were done, and without a validation score.
    /// </summary>
    public IReadOnlyList<TrainingEpoch> Epochs => _epochs;

    /// <summary>The epoch whose network was kept, one of <see cref="Epochs"/>; 0 where nothing was trained.</summary>
    public int SelectedEpoch { get; internal set; }

    /// <summary>
    /// The trainer's options by name, nested ones with dots, such as <c>Optimizer.LearningRate</c>; values as JSON. Those that were left automatic have the value that was
    /// chosen for them. Empty where nothing was trained.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; internal init; } = new Dictionary<string, string>();

    /// <summary>What <see cref="TrainingEpoch.ValidationScore"/> is.</summary>
    public SelectionMetric Selection { get; internal init; }

    /// <summary>The arithmetic that training used; never <see cref="Precision.Automatic"/>.</summary>
    public Precision Precision { get; internal set; }

    internal void Add(TrainingEpoch epoch) => _epochs.Add(epoch);
}

/// <summary>An epoch in a <see cref="TrainingHistory"/>.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Losses">The epoch's mean of each figure that the training step reports, by name: losses in nats (such as <c>main</c>, <c>readout</c>, <c>forget</c> and, once the
/// step is made, <c>forgotten</c>), accuracies in [0, 1], and weights.</param>
/// <param name="ValidationScore">The validation figure in [0, 1]; <see langword="null"/> without validation rows.</param>
public sealed record TrainingEpoch(int Epoch, IReadOnlyDictionary<string, double> Losses, double? ValidationScore);
