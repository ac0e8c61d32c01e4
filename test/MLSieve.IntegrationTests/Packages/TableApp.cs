namespace MLSieve.Tests;

/// <summary>The app that docs/getting-started.md makes of the template for tables, built once for the tests of it.</summary>
/// <param name="feed">The packages.</param>
public sealed class TableApp(PackageFeed feed) : IAsyncLifetime
{
    private string _program = "";

    /// <summary>Its folder.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>Runs it.</summary>
    public Task<string> RunAsync(int exitCode, params string[] arguments) =>
        Dotnet.RunAsync(Folder, [_program, .. arguments], feed.Environment, exitCode);

    public async ValueTask InitializeAsync()
    {
        Folder = await feed.RunBlockAsync("getting-started.md", "dotnet new mlsieve-table");
        _program = await feed.BuildAsync(Folder);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask; // the folder goes with the packages
}
