namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// A trial store cannot be reached, read or written; the message says which and what to do. What was trained is in the checkpoints.
/// </summary>
/// <param name="message">What is wrong, and what to do.</param>
/// <param name="inner">What the database said.</param>
public sealed class TrialStoreException(string message, Exception? inner = null) : Exception(message, inner);
