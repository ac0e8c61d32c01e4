using System.Globalization;

namespace Studies;

/// <summary>How many rows a part of a data set has, as it was published.</summary>
/// <param name="Split">The split.</param>
/// <param name="Group">The group, as <see cref="Example.Group"/> names it, or <see langword="null"/> for the whole split.</param>
/// <param name="Count">Rows.</param>
internal sealed record PublishedCount(string Split, string? Group, int Count)
{
    /// <summary>The counts of one split, in the order of the groups.</summary>
    public static IEnumerable<PublishedCount> Of(string split, IReadOnlyList<string> groups, params int[] counts) =>
        groups.Zip(counts, (group, count) => new PublishedCount(split, group, count));

    /// <summary>Whether a row belongs to this part.</summary>
    public bool Covers(Example example) => example.Split == Split && (Group is null || example.Group == Group);
}

/// <summary>A part of which another number of rows lies on disk than was published.</summary>
/// <param name="Published">The part.</param>
/// <param name="Found">Rows on disk.</param>
internal sealed record CountDifference(PublishedCount Published, int Found)
{
    /// <summary>Such as <c>train, landbird, land: 3,525 found, 3,498 published (+27)</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Published.Split}{(Published.Group is null ? "" : ", " + Published.Group)}: {Found:N0} found, {Published.Count:N0} published ")
            + FormattableString.Invariant($"({Found - Published.Count:+#,0;-#,0})");
}
