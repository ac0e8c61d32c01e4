namespace Studies;

/// <summary>A fault in what the user asked for, in words for the user.</summary>
internal sealed class UsageException(string message) : Exception(message);
