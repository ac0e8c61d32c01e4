using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace MLSieve.Tests;

/// <summary>The Dockerfile of samples/Serve, which the tests do not run: its parts must be those of the checkout.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] _lines =
    [
        .. File.ReadAllLines(Path.Combine(Repository.Root, "samples/Serve/Dockerfile"))
            .Where(line => line.Length > 0 && !line.StartsWith('#')),
    ];

    [Fact]
    public void Its_images_are_of_the_version_that_the_projects_build_for()
    {
        XDocument build = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props"));
        string framework = build.Descendants("TargetFramework").Single().Value.Replace("net", "", StringComparison.Ordinal);
        Assert.Equal(
            [$"mcr.microsoft.com/dotnet/sdk:{framework} AS build", $"mcr.microsoft.com/dotnet/aspnet:{framework}"], Arguments("FROM"));
    }

    [Fact]
    public void What_it_copies_is_there_and_is_all_that_the_build_reads()
    {
        string[] copied = [.. Arguments("COPY").Where(copy => !copy.StartsWith("--from=build", StringComparison.Ordinal))
            .SelectMany(copy => copy.Split(' ')[..^1])];
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), path));

        string[] shared = [.. Directory.EnumerateFiles(Repository.Root).Select(path => Path.GetFileName(path))
            .Where(name => SharedFile().IsMatch(name))];
        Assert.Contains("Directory.Packages.props", shared);
        Assert.All(shared, name => Assert.Contains(name, copied));
        Assert.Contains("build/", copied);
        foreach (string project in Closure("samples/Serve/Serve.csproj"))
            Assert.Contains(Path.GetDirectoryName(project)!.Replace('\\', '/') + "/", copied);
    }

    [Fact]
    public void It_starts_the_sample_without_telemetry_and_without_being_root()
    {
        Assert.Equal(["""["dotnet", "Serve.dll"]"""], Arguments("ENTRYPOINT"));
        Assert.Equal(["ORT_DISABLE_TELEMETRY=1"], Arguments("ENV"));
        Assert.Equal(["$APP_UID"], Arguments("USER"));
        string run = Assert.Single(Arguments("RUN"));
        Assert.True(File.Exists(Path.Combine(Repository.Root, run.Split(' ')[2])), run);
    }

    [Fact]
    public void Every_line_is_an_instruction_that_is_tested_here() => Assert.Superset(
        _lines.Select(line => line.Split(' ')[0]).ToHashSet(),
        new HashSet<string> { "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "ENTRYPOINT" });

    private static string[] Arguments(string instruction) =>
        [.. _lines.Where(line => line.StartsWith(instruction + " ", StringComparison.Ordinal))
            .Select(line => line[(instruction.Length + 1)..])];

    /// <summary>A project and all that it references, by their paths in the checkout.</summary>
    private static IEnumerable<string> Closure(string project) =>
    [
        project,
        .. XDocument.Load(Path.Combine(Repository.Root, project)).Descendants("ProjectReference")
            .Select(reference => Path.GetRelativePath(
                Repository.Root,
                Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value))))
            .SelectMany(Closure),
    ];

    [GeneratedRegex(@"^(Directory\..*\.(props|targets)|global\.json|NuGet\.config)$")]
    private static partial Regex SharedFile();
}
