using System.Text.RegularExpressions;

namespace MLSieve.Tests;

/// <summary>
/// The packages of this checkout in a folder, packed once for all tests from what was built. Their version is this run's own, so that no
/// package of the same name that NuGet has seen before takes their place.
/// </summary>
public sealed partial class PackageFeed : IAsyncLifetime
{
    /// <summary>The ids of all packages.</summary>
    public static readonly string[] Ids =
        ["MLSieve", "MLSieve.EarlyReadout", "MLSieve.FeatureSieve", "MLSieve.Sweeps", "MLSieve.Templates"];

    /// <summary>The version of all packages.</summary>
    public string Version { get; } = $"0.1.0-t{Guid.NewGuid():N}";

    /// <summary>A folder outside the repository, where a reader's projects may stand beside a clone of it.</summary>
    public string Beside { get; } = Directory.CreateTempSubdirectory("mlsieve-packages-").FullName;

    /// <summary>The folder of the packages: the one of the pages, in what stands there for the clone.</summary>
    public string Folder => Path.Combine(Beside, "MLSieve", "artifacts", "packages");

    /// <summary>The folder where <c>dotnet new</c> keeps its templates, in place of the user's.</summary>
    public string Templates => Path.Combine(Beside, "templates");

    /// <summary>The path of a package.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="extension"><c>nupkg</c>, or <c>snupkg</c> for its symbols.</param>
    public string PathOf(string id, string extension = "nupkg") => Path.Combine(Folder, $"{id}.{Version}.{extension}");

    /// <summary>What apps are made and built with: only the packages of this run are new; all others are those that this checkout was built
    /// with, whatever is served today.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["NUGET_PACKAGES"] = Path.Combine(Beside, "nuget"),
        ["NUGET_FALLBACK_PACKAGES"] = Dotnet.RestoredPackages,
        ["CreateHardLinksForCopyLocalIfPossible"] = "true", // libtorch is some 500 MB
    };

    /// <summary>Runs the commands of a page's block as they stand there, but for the version and the user's list of templates; nothing is
    /// asked of a server.</summary>
    /// <param name="page">A page of docs/.</param>
    /// <param name="telling">What the block holds and no other.</param>
    /// <returns>The folder where they end.</returns>
    public async Task<string> RunBlockAsync(string page, string telling)
    {
        string folder = Beside;
        string text = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "docs", page), TestContext.Current.CancellationToken);
        foreach (string[] words in CommandsOf(text, telling))
        {
            if (words[0] == "cd")
            {
                folder = Path.GetFullPath(words[1], folder);
                continue;
            }

            Assert.Equal("dotnet", words[0]);
            string[] own = words[1] == "new" ? ["--debug:custom-hive", Templates] : [];
            string printed = await Dotnet.RunAsync(
                folder, [.. words.Skip(1).Select(word => word.Replace("0.1.0", Version, StringComparison.Ordinal)), .. own], Environment);
            Assert.DoesNotMatch("warn|NU[0-9]{4}", printed);
            if (words[1..3] is ["new", "nugetconfig"])
                await Dotnet.RunAsync(folder, ["nuget", "remove", "source", "nuget", "--configfile", "nuget.config"], Environment);
        }

        return folder;
    }

    /// <summary>Builds without a warning, such as NU1603 for a package whose version is not the one asked for.</summary>
    /// <param name="app">The folder of the app.</param>
    /// <returns>The path of the program, for <c>dotnet</c>.</returns>
    public async Task<string> BuildAsync(string app)
    {
        await Dotnet.RunAsync(app, ["build", "-c", "Release", "--nologo", "-warnaserror"], Environment);
        return Path.Combine(app, "bin", "Release", "net10.0", Path.GetFileName(app) + ".dll");
    }

    public async ValueTask InitializeAsync()
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await Dotnet.RunAsync(
            Repository.Root,
            ["pack", "src/Packages.slnf", "-c", configuration, "--no-build", "-o", Folder, $"-p:Version={Version}", "--nologo"]);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Beside, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>The words of each command of a block.</summary>
    private static IEnumerable<string[]> CommandsOf(string page, string telling) =>
        CommandBlock().Matches(page).Select(block => block.Groups[1].Value)
            .Single(block => block.Contains(telling, StringComparison.Ordinal))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CommandBlock();
}

/// <summary>The tests that share the packages.</summary>
[CollectionDefinition(nameof(PackageFeed))]
public sealed class PackageFeedGroup : ICollectionFixture<PackageFeed>;
