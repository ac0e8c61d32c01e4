using System.Text.RegularExpressions;

namespace MLSieve.Tests;

/// <summary>Pages are read in editors, in diffs and on narrow screens.</summary>
public sealed partial class PageTests
{
    private const int Columns = 120;
    private const int WordsOfABullet = 15;

    [Fact]
    public void No_line_of_a_page_is_wider_than_120_columns_outside_tables_and_bare_links()
    {
        IEnumerable<string> pages = [.. DocumentationTests.Pages(), Path.Combine(Repository.Root, "CHANGELOG.md")];
        IEnumerable<string> wide = pages.SelectMany(page => File.ReadLines(page)
            .Select((line, i) => (Line: line, Place: $"{Path.GetFileName(page)}:{i + 1}"))
            .Where(found => found.Line.Length > Columns && !TableRow().IsMatch(found.Line) && !BareLink().IsMatch(found.Line))
            .Select(found => found.Place));
        Assert.Empty(wide);
    }

    [Fact]
    public void The_index_of_the_readme_lists_every_page()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(Repository.Root, "README.md")).Where(line => line.StartsWith('|'))];
        string[] pages = [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(page => Path.GetFileName(page))];
        Assert.NotEmpty(pages);
        Assert.All(pages, page => Assert.Contains(rows, row => row.Contains($"(docs/{page})", StringComparison.Ordinal)));
    }

    [Fact]
    public void Each_bullet_of_the_readme_is_at_most_15_words()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");
        string[] bullets = [.. Bullet().Matches(readme).Select(bullet => Link().Replace(bullet.Value, "$1"))];
        Assert.NotEmpty(bullets);
        Assert.All(bullets, bullet => Assert.InRange(Word().Count(bullet), 1, WordsOfABullet));
    }

    [GeneratedRegex(@"^\s*\|")]
    private static partial Regex TableRow();

    /// <summary>Nothing but a link, a picture or an address: it cannot be broken.</summary>
    [GeneratedRegex(@"^\s*(!?\[[^\]]*\]\([^)]*\)|<?https?://\S+>?)$")]
    private static partial Regex BareLink();

    /// <summary>With the indented lines that go on with it.</summary>
    [GeneratedRegex(@"^[-*] .*(\n +\S.*)*", RegexOptions.Multiline)]
    private static partial Regex Bullet();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{N}.’'/-]*")]
    private static partial Regex Word();
}
