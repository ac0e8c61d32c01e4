namespace Microsoft.ML.EarlyReadout;

/// <summary>A run diverged: what is known of it, for the store.</summary>
internal sealed class RunDivergedException(RunOutcome outcome, TrainingDivergedException cause) : Exception(cause.Message, cause)
{
    /// <summary>What is known of it.</summary>
    public RunOutcome Outcome => outcome;
}
