namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A store has a search of this name that was begun with other options, other data or another version.</summary>
public sealed class SearchMismatchException : Exception
{
    internal SearchMismatchException(string message, IReadOnlyList<string> differences)
        : base(message) => Differences = differences;

    /// <summary>What differs, in words.</summary>
    public IReadOnlyList<string> Differences { get; }
}
