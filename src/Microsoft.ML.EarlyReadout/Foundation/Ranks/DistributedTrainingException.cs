namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The processes that were to train one network together (ranks) could not meet, do not agree on what is trained, or have lost one of
/// them; the message says which, and what to do. No process is ended by it.
/// </summary>
public sealed class DistributedTrainingException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public DistributedTrainingException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What failed, and what to do about it.</param>
    public DistributedTrainingException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What failed, and what to do about it.</param>
    /// <param name="innerException">The cause.</param>
    public DistributedTrainingException(string message, Exception innerException) : base(message, innerException) { }
}
