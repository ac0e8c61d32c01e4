using System.Net;
using System.Text.RegularExpressions;

namespace MLSieve.Tests;

/// <summary>The site of the pages and the API reference, built once for all tests by the commands of CONTRIBUTING.</summary>
public sealed partial class Site : IAsyncLifetime
{
    private string? _missing;

    /// <summary>The folder of its pages.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "artifacts", "site");

    /// <summary>What its command printed.</summary>
    public string Printed { get; private set; } = "";

    /// <summary>The command of CONTRIBUTING that makes it.</summary>
    public static string[] Command { get; } = ["docfx", "--warningsAsErrors"];

    public async ValueTask InitializeAsync()
    {
        (int exitCode, string printed) = await Dotnet.ToTheEndAsync(Repository.Root, ["tool", "restore"]);
        if (exitCode != 0)
        {
            _missing = "The tool docfx cannot be restored: " + printed.Trim();
            return;
        }

        foreach (string folder in new[] { Folder, Path.Combine(Repository.Root, "artifacts", "api") })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true); // pages of types that are gone
        Printed = await Dotnet.RunAsync(Repository.Root, Command);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Skips the test where the tool cannot be had.</summary>
    public void SkipIfMissing() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    /// <summary>The links and pictures of pages that lead nowhere, each with its page.</summary>
    /// <param name="folder">The folder of the pages and of what they link to.</param>
    /// <param name="count">How many links within the folder there are.</param>
    internal static IReadOnlyList<string> BrokenLinks(string folder, out int count)
    {
        Dictionary<string, string> pages = Directory.EnumerateFiles(folder, "*.html", SearchOption.AllDirectories)
            .ToDictionary(page => page, File.ReadAllText);
        Dictionary<string, HashSet<string>> anchors = pages.ToDictionary(
            page => page.Key, page => Anchor().Matches(page.Value).Select(id => WebUtility.HtmlDecode(id.Groups[1].Value)).ToHashSet());
        List<string> broken = [];
        count = 0;
        foreach ((string page, string html) in pages)
        {
            foreach (Match found in Link().Matches(html))
            {
                string link = WebUtility.HtmlDecode(found.Groups[1].Value);
                if (Address().IsMatch(link)) continue;
                count++;
                string[] parts = link.Split('#', 2);
                string path = Uri.UnescapeDataString(parts[0].Split('?')[0]);
                string target = path.Length == 0 ? page : Path.GetFullPath(path, Path.GetDirectoryName(page)!);
                bool leadsSomewhere = File.Exists(target)
                    && (parts.Length == 1 || !anchors.TryGetValue(target, out HashSet<string>? ids)
                        || ids.Contains(Uri.UnescapeDataString(parts[1])));
                if (!leadsSomewhere) broken.Add($"{Path.GetRelativePath(folder, page)}: {link}");
            }
        }

        return broken;
    }

    [GeneratedRegex(@"\s(?:href|src)=""([^""]*)""")]
    private static partial Regex Link();

    [GeneratedRegex(@"\s(?:id|name)=""([^""]*)""")]
    private static partial Regex Anchor();

    [GeneratedRegex(@"^[a-z]+:")]
    private static partial Regex Address();
}
