namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// A trial store cannot be reached, read or written; the message says which and what to do. What was trained is in the checkpoints.
/// </summary>
public sealed class TrialStoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TrialStoreException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    public TrialStoreException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="innerException">What the database said.</param>
    public TrialStoreException(string message, Exception innerException) : base(message, innerException) { }
}
