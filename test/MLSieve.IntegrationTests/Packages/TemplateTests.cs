using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>The apps of the templates, made, built and run outside the repository from the packages alone.</summary>
[Collection(nameof(PackageFeed))]
public sealed partial class TemplateTests(PackageFeed feed, TableApp table) : IClassFixture<TableApp>
{
    private static readonly string[] WithSemicolons = ["--separator", ";", "--epochs", "1"];

    [Fact]
    public async Task The_app_for_a_table_compares_two_networks_on_a_shortcut_and_saves_both()
    {
        var random = new Random(1);
        List<string> lines = ["Age,Hours,Job,Sex,Label"];
        for (int i = 0; i < 400; i++)
        {
            bool isRich = i % 2 == 0, isManager = isRich == random.NextDouble() < 0.9; // the job is the shortcut
            string hours = i % 40 == 7 ? "" : Text(38 + (isRich ? 6 : -6) + 8 * random.NextDouble()); // some are missing
            lines.Add($"{Text(20 + 40 * random.NextDouble())},{hours},\"{(isManager ? "manager, or so" : "clerk")}\","
                + $"{(isManager ? "f" : "m")},{(isRich ? "high" : "low")}");
        }

        await File.WriteAllLinesAsync(Path.Combine(table.Folder, "people.csv"), lines, Token);
        string printed = await table.RunAsync(0);
        Assert.Contains("people.csv: numbers Age, Hours; texts Job", printed, StringComparison.Ordinal);
        ComparesTwo(printed, "high, m", "low, f");
        WroteAll(table.Folder);

        var ml = new MLContext();
        ITransformer model = ml.Model.Load(Path.Combine(table.Folder, "sieve.zip"), out _);
        IDataView rows = ml.Data.LoadFromEnumerable(
            [new Person { Hours = 48, Job = "manager, or so" }, new Person { Hours = 35, Job = "clerk" }]);
        Assert.Equal(["high", "low"], model.Transform(rows).GetColumn<string>("PredictedClass"));
        (model as IDisposable)?.Dispose();
    }

    [Fact]
    public async Task The_app_for_a_table_reads_the_census()
    {
        string path = RealData.Path("adult/adult.data.gz");
        string csv = Path.Combine(table.Folder, "adult.csv");
        using (var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress)))
        await using (var writer = new StreamWriter(csv))
        {
            await writer.WriteLineAsync(
                "Age,Work,Weight,Education,Years,Marital,Occupation,Relationship,Race,Sex,Gain,Loss,Hours,Country,Income");
            for (int i = 0; i < 6_000; i++) await writer.WriteLineAsync(await reader.ReadLineAsync(Token));
        }

        string printed = await table.RunAsync(0, "--csv", csv, "--label", "Income", "--epochs", "2");
        Assert.Contains("numbers Age, Weight, Years, Gain, Loss, Hours; texts Work, Education, ", printed, StringComparison.Ordinal);
        ComparesTwo(printed, ">50K, Female", "<=50K, Male");
    }

    [Fact]
    public async Task The_app_checks_the_machine()
    {
        string printed = await table.RunAsync(0, "check");
        Assert.Matches(@"^MLSieve +\d+\.\d+\.\d+", printed);
        Assert.EndsWith("No problems were found.", printed.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--label Lable", "'wrong.csv' has no column 'Lable'; it has Age, Sex, Label.")]
    [InlineData("--label Sex --group Sex", "--label and --group are both 'Sex'; name two columns.")]
    [InlineData("--csv none.csv", "There is no file 'none.csv'.")]
    [InlineData("--lable Label", "There is no setting --lable; there are --csv, ")]
    [InlineData("--epochs 0", "Epochs is 0")]
    [InlineData("chekc", "'chekc' is not understood.")]
    public async Task Wrong_input_is_a_clear_message_and_no_stack_trace(string arguments, string message)
    {
        await File.WriteAllLinesAsync(
            Path.Combine(table.Folder, "wrong.csv"), ["Age,Sex,Label", "1,f,a", "2,m,b", "3,f,a", "4,m,b"], Token);
        string[] words = arguments.Split(' ');
        string printed = await table.RunAsync(1, words[0] is "--csv" or "chekc" ? words : ["--csv", "wrong.csv", .. words]);
        Assert.Contains(message, printed, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("plain: training", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_for_a_table_reads_line_breaks_in_quotes_and_refuses_a_row_of_another_length()
    {
        var random = new Random(1);
        List<string> lines = Lines("Age,Job", ',', i =>
        {
            string job = i % 4 < 2 ? "\"clerk,\nor \"\"so\"\"\"" : "manager";
            return $"{Text(20 + 40 * random.NextDouble())},{job}";
        });
        string csv = Path.Combine(table.Folder, "breaks.csv");
        string printed = await RunOnAsync(0, csv, lines, "--epochs", "1");
        Assert.Contains("breaks.csv: numbers Age; texts Job", printed, StringComparison.Ordinal);
        ComparesTwo(printed, "high, f", "low, m", least: 0);

        printed = await RunOnAsync(1, csv, [.. lines[..3], "30,clerk,f"]); // the two rows have two lines each
        Assert.Equal($"'{csv}', line 6: 3 values, and the header has 4.", printed.Trim());
        printed = await RunOnAsync(1, csv, [.. lines[..3], "30,clerk,f,high,x"]);
        Assert.Equal($"'{csv}', line 6: 5 values, and the header has 4.", printed.Trim());
    }

    [Fact]
    public async Task The_app_for_a_table_reads_decimal_commas_where_commas_do_not_separate()
    {
        var random = new Random(1);
        List<string> lines = Lines("Age;Hours;Share;Codes", ';', i =>
        {
            string age = i % 40 == 7 ? "" : (20 + 40 * random.NextDouble()).ToString("F1", CultureInfo.InvariantCulture).Replace('.', ',');
            string share = Text(random.NextDouble()).Replace('.', ','); // Age tells what its commas are
            return $"{age};{30 + i % 20};{share};1,2,{i % 3}";
        });
        string csv = Path.Combine(table.Folder, "commas.csv");
        string printed = await RunOnAsync(0, csv, lines, WithSemicolons);
        Assert.Contains("commas.csv: numbers Age, Hours, Share; texts Codes", printed, StringComparison.Ordinal);
        ComparesTwo(printed, "high, f", "low, m", least: 0);

        printed = await RunOnAsync(1, csv, [.. lines, "30,5;31.5;0,125;1,2,3;f;high"], WithSemicolons);
        Assert.Equal(
            $"'{csv}' has numbers with a decimal point (Hours) and numbers with a decimal comma (Age, Share); write all in one way.",
            printed.Trim());
    }

    [Fact]
    public async Task The_app_for_a_table_reads_numbers_whose_commas_may_part_thousands_as_texts()
    {
        List<string> lines = Lines("Income;Debt;Rate", ';', i =>
        {
            string income = i % 5 == 0 ? "999" : $"{1 + i % 4},234", debt = i % 3 == 0 ? "-12,500" : "+1,000";
            return $"{income};{debt};{i % 7}";
        });
        string csv = Path.Combine(table.Folder, "thousands.csv");
        string printed = await RunOnAsync(0, csv, lines, WithSemicolons);
        Assert.Contains("thousands.csv: numbers Rate; texts Income, Debt", printed, StringComparison.Ordinal);
        ComparesTwo(printed, "high, f", "low, m", least: 0);

        // A decimal point besides is no fault.
        printed = await RunOnAsync(0, csv, [.. lines, "1,234;500;2.5;f;high"], WithSemicolons);
        Assert.Contains("thousands.csv: numbers Rate; texts Income, Debt", printed, StringComparison.Ordinal);

        printed = await RunOnAsync(0, csv, [.. lines, "1,234;0,500;2;f;high"], WithSemicolons); // no thousands begin with 0
        Assert.Contains("thousands.csv: numbers Income, Debt, Rate; texts ", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_for_images_compares_two_networks_on_folders_and_on_a_csv()
    {
        string app = Path.Combine(feed.Beside, "Birds-in-pictures");
        string[] hive = ["--debug:custom-hive", feed.Templates];
        await Dotnet.RunAsync(feed.Beside, ["new", "mlsieve-images", "--output", app, "--images", "pictures", .. hive], feed.Environment);
        File.Copy(Path.Combine(table.Folder, "nuget.config"), Path.Combine(app, "nuget.config"));
        string program = await feed.BuildAsync(app);
        List<string> lines = ["File,Kind,Light"];
        var random = new Random(1);
        for (int i = 0; i < 72; i++)
        {
            (string label, string light) = (i % 2 == 0 ? "red" : "green", i / 2 % 3 == 0 ? "night" : "day");
            string file = $"pictures/{label}/{light}/{i:00}.png";
            Directory.CreateDirectory(Path.Combine(app, Path.GetDirectoryName(file)!));
            using var image = MLImage.CreateFromPixels(20, 16, MLPixelFormat.Rgba32, ImageFolder.Draw(16, 20, i % 2, random));
            image.Save(Path.Combine(app, file));
            lines.Add($"{file},{label},{light}");
            string plain = Directory.CreateDirectory(Path.Combine(app, "plain", label)).FullName;
            File.Copy(Path.Combine(app, file), Path.Combine(plain, $"{i:00}.png"));
            Directory.CreateDirectory(Path.Combine(plain, ".ipynb_checkpoints")); // of a tool, and no group
        }

        await File.WriteAllLinesAsync(Path.Combine(app, "pictures.csv"), lines, Token);

        Directory.CreateDirectory(Path.Combine(app, "pictures", "notes")); // without images and groups
        string printed = await RunAsync(0, "--size", "16", "--epochs", "10");
        Assert.Contains("pictures: 72 images; labels green, red; groups day, night", printed, StringComparison.Ordinal);
        ComparesTwo(printed, "red, night", "green, day");
        WroteAll(app);

        string[] csv = ["--images", "pictures.csv", "--path", "File", "--group", "Light", "--size", "16", "--epochs", "1"];
        ComparesTwo(await RunAsync(0, [.. csv, "--label", "Kind"]), "red, night", "green, day", least: 0);
        Assert.Equal("'pictures.csv' has no column 'Label'; it has File, Kind, Light.", (await RunAsync(1, csv)).Trim());

        Directory.CreateDirectory(Path.Combine(app, "plain", ".git", "objects"));
        Directory.CreateDirectory(Path.Combine(app, "plain", "red", "originals")); // beside images, which lie in no group
        string ungrouped = await RunAsync(0, "--images", "plain", "--size", "16", "--epochs", "1");
        Assert.Contains("plain: 72 images; labels green, red; groups all", ungrouped, StringComparison.Ordinal);
        ComparesTwo(ungrouped, "red, all", "green, all", least: 0);

        Task<string> RunAsync(int exitCode, params string[] arguments) =>
            Dotnet.RunAsync(app, [program, .. arguments], feed.Environment, exitCode);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A header and 160 rows: some columns, and then Sex and Label, which do not go together.</summary>
    private static List<string> Lines(string columns, char separator, Func<int, string> values) =>
    [
        $"{columns}{separator}Sex{separator}Label",
        .. Enumerable.Range(0, 160).Select(
            i => $"{values(i)}{separator}{(i % 2 == 0 ? "f" : "m")}{separator}{(i % 8 < 4 ? "high" : "low")}"),
    ];

    /// <summary>Runs the app for a table on a file of some lines.</summary>
    private async Task<string> RunOnAsync(int exitCode, string csv, IEnumerable<string> lines, params string[] arguments)
    {
        await File.WriteAllLinesAsync(csv, lines, Token);
        return await table.RunAsync(exitCode, ["--csv", csv, .. arguments]);
    }

    /// <summary>Two tables by group, both better than by chance, and a verdict.</summary>
    private static void ComparesTwo(string printed, string group, string other, double least = 0.65)
    {
        MatchCollection averages = Average().Matches(printed);
        Assert.Equal(2, averages.Count);
        Assert.All(
            averages, average => Assert.True(double.Parse(average.Groups[1].ValueSpan, CultureInfo.InvariantCulture) >= least, printed));
        Assert.Equal(2, Regex.Count(printed, $@"^{Regex.Escape(group)} +\d+ +0|^{Regex.Escape(group)} +\d+ +1", RegexOptions.Multiline));
        Assert.Contains($"\n{other} ", printed, StringComparison.Ordinal);
        Assert.Matches(@"\nWorst group: plain \d+\.\d %, sieve \d+\.\d %\. (They are equal|(The sieve|Plain training) is better)", printed);
    }

    private static void WroteAll(string app)
    {
        string report = File.ReadAllText(Path.Combine(app, "report.html"));
        Assert.Contains("sieve", report, StringComparison.Ordinal);
        Assert.StartsWith("<!DOCTYPE html>", report, StringComparison.OrdinalIgnoreCase);
        Assert.All(["plain.zip", "sieve.zip"], zip => Assert.True(new FileInfo(Path.Combine(app, zip)).Length > 1000));
    }

    private static string Text(double number) => number.ToString("F3", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^Average +(\d\.\d+)", RegexOptions.Multiline)]
    private static partial Regex Average();

    private sealed class Person
    {
        public float Age { get; set; } = 40;

        public float Hours { get; set; }

        public string Job { get; set; } = "";
    }
}
