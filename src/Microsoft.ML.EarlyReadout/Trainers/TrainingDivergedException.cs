namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A loss or a gradient is no longer a finite number, so no useful network can come of going on. What was good before it is in
/// <see cref="LastGoodModel"/>.
/// </summary>
public sealed class TrainingDivergedException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public TrainingDivergedException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public TrainingDivergedException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public TrainingDivergedException(string message, Exception innerException) : base(message, innerException) { }

    internal TrainingDivergedException(DivergenceException divergence) : base(divergence.Message, divergence)
    {
        Epoch = divergence.Epoch;
        Step = divergence.Step;
        Losses = divergence.Losses;
        LearningRate = divergence.LearningRate;
    }

    /// <summary>The epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The first step of that epoch, from 1, in which a number was not finite.</summary>
    public int Step { get; }

    /// <summary>Every loss of that step, by name, and the norm of its gradients.</summary>
    public IReadOnlyDictionary<string, double> Losses { get; } = new Dictionary<string, double>();

    /// <summary>The main network's learning rate in that step.</summary>
    public double LearningRate { get; }

    /// <summary>
    /// The model as it was at the last point of its <see cref="TrainingHistory"/>, by default the end of an epoch, or, with validation
    /// rows, at the best; <see langword="null"/> where it diverged before the first. Dispose it when it is no longer needed.
    /// </summary>
    public EarlyReadoutTransformer? LastGoodModel { get; internal set; }

    /// <summary>The passes over the training rows that <see cref="LastGoodModel"/> has had, a whole number unless <see
    /// cref="TrainerOptions.ValidateEverySteps"/> is given; 0 where there is none.</summary>
    public double LastGoodEpoch { get; internal set; }
}
