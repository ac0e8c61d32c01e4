namespace MLSieve.Tests;

/// <summary>
/// The packages of this checkout in a folder, packed once for all tests from what was built. Their version is this run's own, so that no
/// package of the same name that NuGet has seen before takes their place.
/// </summary>
public sealed class PackageFeed : IAsyncLifetime
{
    /// <summary>The ids of all packages.</summary>
    public static readonly string[] Ids = ["MLSieve", "MLSieve.EarlyReadout", "MLSieve.FeatureSieve", "MLSieve.Sweeps"];

    /// <summary>The version of all packages.</summary>
    public string Version { get; } = $"0.1.0-t{Guid.NewGuid():N}";

    /// <summary>A folder outside the repository, where a reader's projects may stand beside a clone of it.</summary>
    public string Beside { get; } = Directory.CreateTempSubdirectory("mlsieve-packages-").FullName;

    /// <summary>The folder of the packages: the one of the pages, in what stands there for the clone.</summary>
    public string Folder => Path.Combine(Beside, "MLSieve", "artifacts", "packages");

    /// <summary>The path of a package.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="extension"><c>nupkg</c>, or <c>snupkg</c> for its symbols.</param>
    public string PathOf(string id, string extension = "nupkg") => Path.Combine(Folder, $"{id}.{Version}.{extension}");

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
}

/// <summary>The tests that share the packages.</summary>
[CollectionDefinition(nameof(PackageFeed))]
public sealed class PackageFeedGroup : ICollectionFixture<PackageFeed>;
