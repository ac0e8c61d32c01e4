namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A checkpoint folder holds the checkpoints of another training: with other options, other data or another version of the software.
/// </summary>
public sealed class CheckpointMismatchException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public CheckpointMismatchException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public CheckpointMismatchException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public CheckpointMismatchException(string message, Exception innerException) : base(message, innerException) { }

    internal CheckpointMismatchException(string checkpoint, IReadOnlyList<string> differences)
        : base($"'{checkpoint}' belongs to another training: {string.Join("; ", differences)}. "
            + "Set another CheckpointDirectory (each fold of a cross-validation needs its own), or delete this one to start again.") =>
        Differences = differences;

    /// <summary>What differs, such as <c>Epochs was 10 and is 20</c>.</summary>
    public IReadOnlyList<string> Differences { get; } = [];
}
