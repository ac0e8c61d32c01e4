namespace Microsoft.ML.EarlyReadout;

/// <summary>The training loss is no longer a finite number, so no useful network can come of going on.</summary>
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

    internal TrainingDivergedException(int epoch, int step, IReadOnlyDictionary<string, double> losses)
        : base(FormattableString.Invariant($"Training diverged by step {step} of epoch {epoch}: {Text(losses)}. ")
            + "Try a smaller learning rate or forgetting rate, a warm-up (Schedule.WarmUpSteps), or gradient clipping (Optimizer.ClipNorm).")
    {
        Epoch = epoch;
        Step = step;
        Losses = losses;
    }

    /// <summary>The epoch in which it was seen, from 1.</summary>
    public int Epoch { get; }

    /// <summary>Steps done in that epoch when it was seen; losses are read a few times a second, so it may have happened a little earlier.</summary>
    public int Step { get; }

    /// <summary>The mean of each loss since the epoch's start, by name.</summary>
    public IReadOnlyDictionary<string, double> Losses { get; } = new Dictionary<string, double>();

    private static string Text(IReadOnlyDictionary<string, double> losses) =>
        string.Join(", ", losses.Select(loss => FormattableString.Invariant($"mean {loss.Key} loss {loss.Value:G4}")));
}
