using System.Globalization;
using System.Text.RegularExpressions;

namespace MLSieve.Tests;

/// <summary>
/// What docs/getting-started.md tells a reader: its commands make a project outside the repository from the packages, its program for a
/// table trains and saves, and an application that has only Microsoft's packages scores what was saved.
/// </summary>
[Collection(nameof(PackageFeed))]
public sealed partial class PackagedAppTests(PackageFeed feed)
{
    private const string StockProgram = """
        using Microsoft.ML;
        using Microsoft.ML.Data;

        var ml = new MLContext();
        ITransformer model = ml.Model.Load(args[0], out _);
        IDataView rows = ml.Data.LoadFromTextFile<Person>(args[1], separatorChar: ',', hasHeader: true);
        foreach (float[] score in model.Transform(rows).GetColumn<float[]>("Score"))
            Console.WriteLine(FormattableString.Invariant($"{score[0]:R} {score[1]:R}"));

        internal sealed class Person
        {
            [LoadColumn(0)] public float Age { get; set; }
            [LoadColumn(1)] public float Hours { get; set; }
            [LoadColumn(2)] public string Job { get; set; } = "";
        }
        """;

    /// <summary>Only the packages of this run are new; all others are those that this checkout was built with, whatever is served
    /// today.</summary>
    private Dictionary<string, string> Environment => new()
    {
        ["NUGET_PACKAGES"] = Path.Combine(feed.Beside, "nuget"),
        ["NUGET_FALLBACK_PACKAGES"] = Dotnet.RestoredPackages,
        ["CreateHardLinksForCopyLocalIfPossible"] = "true", // libtorch is some 500 MB
    };

    [Fact]
    public async Task An_app_made_by_the_page_trains_and_saves_and_a_stock_app_scores_what_it_saved()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The package MLSieve brings the natives of x64 Linux.");
        string page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "getting-started.md"), Token);
        string app = await MakeAsync(CommandsOf(page));
        string program = DocumentationTests.CodeBlocksOf(page).Single(block => block.Contains("people.zip", StringComparison.Ordinal));
        const string scores = """
            File.WriteAllLines("scores.txt", sieve.Transform(testFeatures).GetColumn<float[]>("Score")
                .Select(score => FormattableString.Invariant($"{score[0]:R} {score[1]:R}")));

            """;
        int types = program.IndexOf("internal sealed class", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(app, "Program.cs"), program.Insert(types, scores), Token);
        WritePeople(Path.Combine(app, "people-train.csv"), 400, seed: 1, labelled: true);
        WritePeople(Path.Combine(app, "people-test.csv"), 100, seed: 2, labelled: true);

        string printed = await BuildAndRunAsync(app);
        Assert.Equal(2, WorstGroup().Count(printed));
        string[] expected = await File.ReadAllLinesAsync(Path.Combine(app, "scores.txt"), Token);
        Assert.Equal(100, expected.Distinct().Count());

        string stock = await MakeStockAsync();
        WritePeople(Path.Combine(stock, "people.csv"), 100, seed: 2, labelled: false);
        string written = await BuildAndRunAsync(stock, Path.Combine(app, "people.zip"), "people.csv");
        string[] actual = written.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.Combine(stock, "bin"), "*", SearchOption.AllDirectories).Select(Path.GetFileName),
            name => name!.Contains("Sieve", StringComparison.Ordinal) || name.Contains("EarlyReadout", StringComparison.Ordinal)
                || name.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(
            expected.Zip(actual, (left, right) => Numbers(left).Zip(Numbers(right))).SelectMany(row => row),
            pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs a page's commands as they stand there, but for the version; nothing is asked of a server.</summary>
    /// <returns>The folder where they end.</returns>
    private async Task<string> MakeAsync(IEnumerable<string[]> commands)
    {
        string folder = feed.Beside;
        foreach (string[] words in commands)
        {
            if (words[0] == "cd")
            {
                folder = Path.GetFullPath(words[1], folder);
                continue;
            }

            Assert.Equal("dotnet", words[0]);
            string printed = await Dotnet.RunAsync(
                folder, words.Skip(1).Select(word => word == "0.1.0" ? feed.Version : word), Environment);
            Assert.DoesNotMatch("warn|NU[0-9]{4}", printed);
            if (words[1..3] is ["new", "nugetconfig"])
                await Dotnet.RunAsync(folder, ["nuget", "remove", "source", "nuget", "--configfile", "nuget.config"], Environment);
        }

        string restored = Path.Combine(Environment["NUGET_PACKAGES"], "mlsieve.earlyreadout", feed.Version);
        Assert.True(Directory.Exists(restored), "The packages were not used.");
        return folder;
    }

    private async Task<string> MakeStockAsync()
    {
        string folder = Directory.CreateDirectory(Path.Combine(feed.Beside, "Stock")).FullName;
        // The versions of this checkout, what it pins among them: Microsoft's packages alone name versions that nothing here restored.
        File.Copy(Path.Combine(Repository.Root, "Directory.Packages.props"), Path.Combine(folder, "Directory.Packages.props"));
        const string noSource = "<configuration><packageSources><clear /></packageSources></configuration>";
        await File.WriteAllTextAsync(Path.Combine(folder, "nuget.config"), noSource, Token);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), StockProgram, Token);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "Stock.csproj"),
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.ML" />
                <PackageReference Include="Microsoft.ML.OnnxTransformer" />
                <PackageReference Include="Microsoft.ML.OnnxRuntime" />
              </ItemGroup>
            </Project>
            """,
            Token);
        return folder;
    }

    /// <summary>Builds without a warning, such as NU1603 for a package whose version is not the one asked for, and runs.</summary>
    private async Task<string> BuildAndRunAsync(string app, params string[] arguments)
    {
        await Dotnet.RunAsync(app, ["build", "-c", "Release", "--nologo", "-warnaserror"], Environment);
        return await Dotnet.RunAsync(app, [Path.Combine("bin", "Release", "net10.0", Path.GetFileName(app) + ".dll"), .. arguments]);
    }

    /// <summary>People whose hours say the label, and whose job says it too in nine of ten rows.</summary>
    private static void WritePeople(string path, int count, int seed, bool labelled)
    {
        var random = new Random(seed);
        List<string> lines = [labelled ? "Age,Hours,Job,Sex,Label" : "Age,Hours,Job"];
        for (int i = 0; i < count; i++)
        {
            bool isRich = i % 2 == 0;
            double hours = 38 + (isRich ? 6 : -6) + 8 * random.NextDouble();
            string job = isRich == random.NextDouble() < 0.9 ? "manager" : "clerk";
            string row = string.Create(CultureInfo.InvariantCulture, $"{20 + 40 * random.NextDouble():F3},{hours:F3},{job}");
            lines.Add(labelled ? $"{row},{(i / 2 % 2 == 0 ? "f" : "m")},{(isRich ? "high" : "low")}" : row);
        }

        File.WriteAllLines(path, lines);
    }

    private static float[] Numbers(string line) => [.. line.Split(' ').Select(number => float.Parse(number, CultureInfo.InvariantCulture))];

    /// <summary>The words of each command of the block that makes a project.</summary>
    private static IEnumerable<string[]> CommandsOf(string page) =>
        CommandBlock().Matches(page).Select(block => block.Groups[1].Value)
            .Single(block => block.Contains("dotnet add", StringComparison.Ordinal))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CommandBlock();

    [GeneratedRegex("^Worst group", RegexOptions.Multiline)]
    private static partial Regex WorstGroup();
}
