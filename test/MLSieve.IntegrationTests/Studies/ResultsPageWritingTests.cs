using Studies;

namespace MLSieve.Tests;

/// <summary>The command page on artificial runs: what it writes, and that a fault leaves everything as it was.</summary>
public sealed class ResultsPageWritingTests : IDisposable
{
    private const string Whole = """
        # Results
        <!-- made by the command page: summary -->
        <!-- end -->
        <!-- made by the command page: studies -->
        <!-- end -->

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("page-").FullName;

    public ResultsPageWritingTests()
    {
        Directory.CreateDirectory(Pictures);
        File.WriteAllText(Old, "<svg/>");
    }

    private string Page => Path.Combine(_folder, "results.md");

    private string Pictures => Path.Combine(_folder, "images", "results");

    private string Old => Path.Combine(Pictures, "old.svg");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Old_pictures_go_when_the_page_has_been_written()
    {
        File.WriteAllText(Page, Whole);
        ResultsPage.Write(Page, [.. Finals("plain", 0.5, 0.6), .. Finals("sieve", 0.7, 0.7)]);
        Assert.False(File.Exists(Old));
        Assert.True(File.Exists(Path.Combine(Pictures, "effects.svg")));
        Assert.Contains("(images/results/effects.svg)", File.ReadAllText(Page));
    }

    [Fact]
    public void A_page_that_lacks_a_part_keeps_its_pictures()
    {
        string torn = Whole.Replace("studies -->", "studied -->", StringComparison.Ordinal);
        File.WriteAllText(Page, torn);
        var fault = Assert.Throws<UsageException>(
            () => ResultsPage.Write(Page, [.. Finals("plain", 0.5, 0.6), .. Finals("sieve", 0.7, 0.7)]));
        Assert.Contains("the page has no part between '<!-- made by the command page: studies -->'", fault.Message);
        Assert.Equal(["old.svg"], Directory.EnumerateFiles(Pictures).Select(Path.GetFileName));
        Assert.Equal(torn, File.ReadAllText(Page));
    }

    [Fact]
    public void Runs_with_nothing_to_compare_make_a_page_without_a_picture()
    {
        File.WriteAllText(Page, Whole);
        ResultsPage.Write(Page, [.. Finals("plain", 0.5, 0.6)]);
        string text = File.ReadAllText(Page);
        Assert.Contains("Begun, with no method to compare yet: study.", text);
        Assert.DoesNotContain("![", text);
        Assert.Empty(Directory.EnumerateFiles(Pictures));
    }

    [Fact]
    public void A_study_whose_one_method_diverged_is_on_the_page()
    {
        File.WriteAllText(Page, Whole);
        FinishedRun[] sieve = [.. Finals("sieve", 0.7, 0.7)];
        sieve[0] = sieve[0] with { Primary = null, Diverged = "The loss is not finite.", Metrics = new Dictionary<string, double>() };
        ResultsPage.Write(Page, [.. Finals("plain", 0.5, 0.6), .. sieve]);
        string text = File.ReadAllText(Page);
        Assert.Contains("| diverged on 1 seed |", text);
        Assert.Contains("### study", text);
        Assert.DoesNotContain("Begun", text);
    }

    private static IEnumerable<FinishedRun> Finals(string method, params double[] figures) =>
        figures.Select((figure, index) => new FinishedRun
        {
            Study = "study",
            Phase = RunPhase.Final,
            Method = method,
            Seed = index + 1,
            Settings = "",
            Primary = figure,
            Metrics = new Dictionary<string, double> { [StudyMetrics.Conflicting] = figure },
            Curve = [],
            Conditions = "study epochs 6",
            Processor = "a machine",
            Commit = "abcdef0123",
            Time = new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc),
        });
}
