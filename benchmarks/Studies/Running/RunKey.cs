namespace Studies;

/// <summary>The key of a run, taken apart.</summary>
/// <param name="Conditions">Study, rows, epochs and what else the whole study shares.</param>
/// <param name="Setting">The setting, or the method and its setting.</param>
/// <param name="IsSearch">Whether the run served only to choose a setting.</param>
internal sealed record RunKey(string Conditions, string Setting, bool IsSearch)
{
    private const string Separator = " | ";

    /// <summary>Puts a key together.</summary>
    public static string Of(string conditions, string setting, int seed, bool test) =>
        FormattableString.Invariant($"{conditions}{Separator}{setting}{Separator}seed {seed}{Separator}{(test ? "test" : "validation")}");

    /// <summary>Takes a key apart.</summary>
    public static RunKey Parse(string key)
    {
        string[] parts = key.Split(Separator);
        return parts.Length == 4
            ? new RunKey(parts[0], parts[1].Trim(), parts[3] == "validation")
            : throw new InvalidDataException($"'{key}' is not the key of a run.");
    }
}
