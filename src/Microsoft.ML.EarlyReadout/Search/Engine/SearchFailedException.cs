namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>No trial of a search gave a network: all diverged, or none finished. The message says what was tried and what to do.</summary>
public sealed class SearchFailedException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public SearchFailedException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public SearchFailedException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public SearchFailedException(string message, Exception innerException) : base(message, innerException) { }
}
