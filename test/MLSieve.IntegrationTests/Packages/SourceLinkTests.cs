using System.Diagnostics;
using System.IO.Compression;

namespace MLSieve.Tests;

/// <summary>What build/Library.props makes of a repository with a public remote, which a checkout need not have.</summary>
public sealed class SourceLinkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlsieve-source-link-").FullName;

    [Fact]
    public async Task A_package_of_a_public_repository_leads_to_its_sources_and_names_no_folder_of_the_machine()
    {
        Write("Birds.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
              <Import Project="{Path.Combine(Repository.Root, "build", "Library.props")}" />
            </Project>
            """);
        Write("Bird.cs", """
            /// <summary>A bird.</summary>
            public static class Bird
            {
                /// <summary>How many legs it has.</summary>
                public static int Legs() => 2;
            }
            """);
        Write("README.md", "# Birds\n");
        Write(".gitignore", "bin/\nobj/\nout/\n");
        Git("init", "--quiet");
        Git("remote", "add", "origin", "https://github.com/example/birds.git");
        Git("add", "--all");
        Git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "Add a bird");

        await Dotnet.RunAsync(_folder, ["pack", "-o", "out", "-warnaserror"], [new("CI", "true")]);

        using ZipArchive package = ZipFile.OpenRead(Path.Combine(_folder, "out", "Birds.1.0.0.nupkg"));
        using var nuspec = new StreamReader(package.GetEntry("Birds.nuspec")!.Open());
        Assert.Contains("url=\"https://github.com/example/birds.git\"", await nuspec.ReadToEndAsync(Token), StringComparison.Ordinal);
        using ZipArchive symbols = ZipFile.OpenRead(Path.Combine(_folder, "out", "Birds.1.0.0.snupkg"));
        using var bytes = new MemoryStream();
        await using (Stream entry = symbols.GetEntry("lib/net10.0/Birds.pdb")!.Open()) await entry.CopyToAsync(bytes, Token);
        using var pdb = new Symbols(bytes.ToArray());
        Assert.Contains("/_/Bird.cs", pdb.Documents);
        Assert.All(pdb.Documents, document => Assert.StartsWith("/_/", document, StringComparison.Ordinal));
        string link = Assert.Single(pdb.SourceLinks);
        Assert.Contains("\"/_/*\":\"https://raw.githubusercontent.com/example/birds/", link, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder, file), text);

    private void Git(params string[] arguments)
    {
        using Process git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = _folder })!;
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
    }
}
