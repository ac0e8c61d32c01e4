using System.Text.Json.Nodes;
using Studies;

namespace MLSieve.Tests;

/// <summary>The studies of real photographs: what a queue runs of them, and what counts.</summary>
public sealed class PhotographStudyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("photographs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("isic", IsicStudy.Folder, "isic-1 isic-2 isic-3 isic-4 isic-5", 980, StudyMetrics.Auc)]
    [InlineData("isic --partition 4 --partition 2", IsicStudy.Folder, "isic-4 isic-2", 980, StudyMetrics.Auc)]
    [InlineData("celeba", CelebAStudy.Folder, "celeba", 10_028, StudyMetrics.Worst)]
    [InlineData("bar-test-validation", BarMethodsStudy.Folder, "bar-test-validation", 5_002, StudyMetrics.Average)]
    [InlineData("bar-train-validation", BarMethodsStudy.Folder, "bar-train-validation", 5_047, StudyMetrics.Average)]
    public void Each_study_has_its_steps_and_the_figure_that_counts(string line, string folder, string names, int steps, string figure)
    {
        RealData.Path(folder);
        IReadOnlyList<MethodStudy> studies = Studies(line);
        Assert.Equal(names.Split(' '), studies.Select(study => study.Name));
        Assert.All(studies, study =>
        {
            Assert.Equal(steps, study.Steps);
            Assert.Equal(figure, study.FinalFigure);
        });
    }

    [Fact]
    public void What_was_kept_of_pets_is_of_the_study_as_it_is_and_another_side_is_another_study()
    {
        RealData.Path(PetsStudy.Folder);
        FinishedRun[] kept =
        [
            .. FinishedRuns.All(Path.Combine(Repository.Root, "benchmarks", "Studies", "results")).Where(run => run.Study == "pets"),
        ];
        Assert.NotEmpty(kept);
        Assert.All(kept, run => Assert.Equal(Studies("pets").Single().Conditions, run.Conditions));
        Assert.Equal(kept[0].Conditions + " side 64", Studies("pets --size 64").Single().Conditions);
    }

    [Fact]
    public void Actions_that_test_images_validate_are_searched_and_group_dro_has_nothing_to_be_told()
    {
        RealData.Path(BarMethodsStudy.Folder);
        PlannedRun[] open = Open("bar-test-validation --seeds 2 --trials 2");
        Assert.Equal(["plain", "sieve", "jtt", "afr", "sieve-joint", "readout-afr", "dfr"], open.Select(run => run.Method).Distinct());
        Assert.True(Assert.Single(open, run => run is { Method: "sieve", Phase: RunPhase.Search }).IsShared); // the library's search
        Assert.DoesNotContain(open, run => run is { Method: "sieve", Phase: RunPhase.Final });
    }

    [Fact]
    public void Training_images_choose_nothing_so_every_setting_of_the_list_is_run_and_reported()
    {
        RealData.Path(BarMethodsStudy.Folder);
        PlannedRun[] open = Open("bar-train-validation --seeds 2");
        Assert.All(open, run => Assert.Equal(RunPhase.Final, run.Phase));
        Assert.Equal(
            [
                "plain", "sieve-1", "sieve-2", "sieve-3", "jtt-1", "jtt-2", "afr-1", "afr-2", "sieve-joint-1", "sieve-joint-2",
                "sieve-joint-3",
                "readout-afr-1", "readout-afr-2",
            ],
            open.Select(run => run.Method).Distinct());
        Assert.Equal(26, open.Length);
        Assert.Equal(
            ["stage=2", "stage=3", "stage=4"],
            open.Where(run => run.Method.StartsWith("sieve-", StringComparison.Ordinal))
                .Select(run => run.Setting.Split(',')[2])
                .Distinct()
                .Order());
    }

    [Fact]
    public async Task A_quick_queue_of_each_ends_with_a_line_that_has_the_figure_that_counts()
    {
        foreach (string folder in new[] { IsicStudy.Folder, CelebAStudy.Folder, BarMethodsStudy.Folder }) RealData.Path(folder);
        (string Line, string Study, string Figure)[] asked =
        [
            ("isic --partition 3 --method plain", "isic-3", StudyMetrics.Auc),
            ("celeba --method group-dro", "celeba", StudyMetrics.Worst),
            ("bar-test-validation --method plain", "bar-test-validation", StudyMetrics.Average),
            ("bar-train-validation --method sieve-2", "bar-train-validation", StudyMetrics.Average),
        ];
        string file = Path.Combine(_folder, "queue.txt");
        await File.WriteAllLinesAsync(file, asked.Select(each => each.Line + " --quick --size 32"), TestContext.Current.CancellationToken);
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", "queue", file, "--workers", "1", "--out", _folder);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.All(asked, each =>
        {
            JsonNode line = JsonNode.Parse(File.ReadAllLines(Path.Combine(_folder, each.Study + ".jsonl"))[^1])!;
            Assert.Equal("final", (string?)line["phase"]);
            Assert.EndsWith(" side 32 quick", (string)line["conditions"]!, StringComparison.Ordinal);
            Assert.InRange((double)line["primary"]!, 0, 1);
            Assert.Equal((double)line["metrics"]![each.Figure]!, (double)line["primary"]!);
        });
    }

    [Theory]
    [InlineData("isic --partition 6", "--partition takes a whole number from 1 to 5, not '6'")]
    [InlineData("celeba --rows 9", "--rows: celeba does not take it, since photographs have splits of their own; it takes --trials, ")]
    [InlineData(
        "bar-train-validation --trials 9",
        "--trials: bar-train-validation does not take it, since its validation images can choose no setting; it takes --setting, ")]
    public void What_photographs_cannot_be_asked_is_refused(string line, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Studies(line)).Message);

    private static IReadOnlyList<MethodStudy> Studies(string line) => QueueFile.Studies(line, StudyOptions.Parse(["queue", "any"]));

    private PlannedRun[] Open(string line) =>
        [.. new StudyPlan(Studies(line).Single(), line).Open(new FinishedRuns(_folder), new HashSet<PlannedRun>())];
}
