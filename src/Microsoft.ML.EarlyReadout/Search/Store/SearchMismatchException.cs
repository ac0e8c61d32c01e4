namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A store has a search of this name that was begun with other options, other data or another version.</summary>
public sealed class SearchMismatchException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public SearchMismatchException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public SearchMismatchException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public SearchMismatchException(string message, Exception innerException) : base(message, innerException) { }

    internal SearchMismatchException(string message, IReadOnlyList<string> differences)
        : base(message) => Differences = differences;

    /// <summary>What differs, in words.</summary>
    public IReadOnlyList<string> Differences { get; } = [];
}
