using System.Text.RegularExpressions;

namespace MLSieve.Tests;

/// <summary>A floor of the library, as CONTRIBUTING.md lists them: its folders may use each other and those of the floors below.</summary>
/// <param name="Number">Its number; the ground is 0.</param>
/// <param name="Folders">Its folders, from the library's root; empty for the root itself.</param>
internal sealed partial record Floor(int Number, IReadOnlyList<string> Folders)
{
    private const string Root = "the root";

    /// <summary>All of them, from the table in CONTRIBUTING.md.</summary>
    public static IReadOnlyList<Floor> All() =>
        [.. TableRow().Matches(File.ReadAllText(Path.Combine(Repository.Root, "CONTRIBUTING.md"))).Select(row => new Floor(
            row.Groups[1].Value == "ground" ? 0 : int.Parse(row.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture),
            [.. FolderName().Matches(row.Groups[2].Value).Select(name => name.Value == Root ? "" : name.Groups[1].Value)]))];

    // | 5 | `Reports/` `Search/` | … |
    [GeneratedRegex(@"^\| (\d|ground) \| (.+?) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex("`([A-Za-z]+)/`|" + Root)]
    private static partial Regex FolderName();
}
