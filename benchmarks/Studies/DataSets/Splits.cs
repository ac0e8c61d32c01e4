namespace Studies;

/// <summary>The names of splits, the same for every data set.</summary>
internal static class Splits
{
    public const string Train = "train";
    public const string Validation = "validation";
    public const string Test = "test";

    /// <summary>The split of a data set whose files do not divide it.</summary>
    public const string Whole = "all";

    /// <summary>All that there are, in the order in which they are reported.</summary>
    public static readonly IReadOnlyList<string> All = [Train, Validation, Test, Whole];

    /// <summary>The numbers 0, 1 and 2 of the subpopulation benchmarks.</summary>
    public static readonly IReadOnlyList<string> ByNumber = [Train, Validation, Test];

    /// <summary>The split that a file or folder is named after; <see cref="Whole"/> where its name says none.</summary>
    public static string OfName(string name)
    {
        if (name.Contains("train", StringComparison.OrdinalIgnoreCase)) return Train;
        if (name.Contains("test", StringComparison.OrdinalIgnoreCase)) return Test;
        return name.Contains("val", StringComparison.OrdinalIgnoreCase) || name.Contains("dev", StringComparison.OrdinalIgnoreCase)
            ? Validation
            : Whole;
    }
}
