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
        using var model = (TransformerChain<ITransformer>)ml.Model.Load(args[0], out _);
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

    [Fact]
    public async Task An_app_made_by_the_page_trains_and_saves_and_a_stock_app_scores_what_it_saved()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The package MLSieve brings the natives of x64 Linux.");
        string page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "getting-started.md"), Token);
        string app = await feed.RunBlockAsync("getting-started.md", "dotnet add package");
        string restored = Path.Combine(feed.Environment["NUGET_PACKAGES"], "mlsieve.earlyreadout", feed.Version);
        Assert.True(Directory.Exists(restored), "The packages were not used.");
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

    private async Task<string> BuildAndRunAsync(string app, params string[] arguments) =>
        await Dotnet.RunAsync(app, [await feed.BuildAsync(app), .. arguments]);

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

    [GeneratedRegex("^Worst group", RegexOptions.Multiline)]
    private static partial Regex WorstGroup();
}
