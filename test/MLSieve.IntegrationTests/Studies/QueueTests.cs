using System.Text.Json.Nodes;
using Microsoft.ML;
using Studies;

namespace MLSieve.Tests;

/// <summary>A queue as a user runs it: several processes, small tables as data.</summary>
public sealed class QueueTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("queue-").FullName;

    public QueueTests()
    {
        var random = new Random(1);
        IEnumerable<string> rows = Enumerable.Range(0, 300).Select(_ =>
        {
            int age = random.Next(18, 90);
            string label = age + random.Next(20) > 60 ? "old" : "young";
            return FormattableString.Invariant($"{label},{(random.NextDouble() < 0.6 ? "a" : "b")},{age}");
        });
        Directory.CreateDirectory(Path.Combine(_folder, "tables"));
        File.WriteAllLines(Path.Combine(_folder, "tables", "people.csv"), rows.Prepend("label,group,age"));
    }

    private string Runs => Path.Combine(_folder, "table-people.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_queue_runs_everything_once_and_one_that_lost_a_line_runs_that_line_again()
    {
        BuiltProgram first = await QueueAsync("tables --quick # a comment", "--workers", "2");
        Assert.True(first.ExitCode == 0, first.Error + first.Output);
        Assert.Contains("everything is run", first.Output);
        string[] lines = File.ReadAllLines(Runs);
        JsonNode[] runs = [.. lines.Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(
            ["debiased", "jtt", "logistic-regression", "plain", "sieve"], runs.Select(run => (string)run["method"]!).Order());
        Assert.All(runs, run =>
        {
            Assert.Equal("table-people", (string?)run["study"]);
            Assert.Equal(("final", 1), ((string?)run["phase"], (int)run["seed"]!));
            Assert.Equal((double)run["metrics"]!["unbiasedAccuracy"]!, (double)run["primary"]!);
            Assert.NotNull(run["validation"]);
            Assert.InRange((double)run["primary"]!, 0.5, 1);
            Assert.NotEmpty((string)run["processor"]!);
            Assert.NotEmpty((string)run["commit"]!);
            Assert.NotNull(run["settings"]);
        });
        Assert.All(
            runs, run => Assert.Equal((string?)run["method"] == "logistic-regression" ? null : "Float32", (string?)run["precision"]));

        File.WriteAllText(Runs, string.Join('\n', lines[..^1]) + "\n" + lines[^1][..50]); // killed while it wrote
        BuiltProgram second = await QueueAsync("tables --quick", "--workers", "2");
        Assert.True(second.ExitCode == 0, second.Error + second.Output);
        Assert.Equal(6, File.ReadAllLines(Runs).Length); // the torn line and the run made again
        JsonNode again = JsonNode.Parse(File.ReadAllLines(Runs)[^1])!;
        Assert.Equal(runs[^1]["metrics"]!.ToJsonString(), again["metrics"]!.ToJsonString());
    }

    [Fact]
    public async Task A_final_line_has_every_validation_by_group_and_the_kept_one_has_the_figures_of_the_run()
    {
        string garments = Directory.CreateDirectory(Path.Combine(_folder, "fashion-mnist")).FullName;
        WriteImages(Path.Combine(garments, "train"), 400);
        WriteImages(Path.Combine(garments, "t10k"), 256);
        BuiltProgram run = await QueueAsync("coloured-methods --quick --rows 96 --epochs 3 --method sieve", "--workers", "1");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        FinishedRun[] lines = [.. FinishedRuns.All(_folder)];
        // The library's search tells the figure of each validation alone.
        Assert.Equal([RunPhase.Search, RunPhase.Search, RunPhase.Final], lines.Select(line => line.Phase));
        Assert.All(lines[..^1], line => Assert.Equal(3, line.Curve.Count));
        Assert.All(lines[^1..], line =>
        {
            RunPoints points = Assert.IsType<RunPoints>(line.Points);
            Assert.Equal([3, 6, 9], points.Steps);
            Assert.Equal(256, points.Rows.Values.Sum());
            Assert.Equal(10, points.Classes);
            Assert.Equal(["forget", "forgotten", "main", "readout", "readout accuracy"], points.Losses.Keys.Order());
            Assert.All(points.Losses.Values, losses => Assert.Equal(3, losses.Count));
            int kept = points.Steps.Index().Single(step => step.Item == points.Selected).Index;
            string[] figures =
                [StudyMetrics.Worst, StudyMetrics.Average, StudyMetrics.Unbiased, StudyMetrics.Agreeing, StudyMetrics.Conflicting];
            foreach (string figure in figures)
                Assert.Equal((line.Validation ?? line.Metrics)[figure], points.Figure(figure)![kept], 1e-12);
            foreach ((double told, double counted) in line.Curve.Zip(points.Figure(StudyMetrics.Unbiased)!))
                Assert.Equal(told, counted, 1e-12);
        });
    }

    [Fact]
    public async Task A_queue_tries_the_settings_that_a_line_names_and_gives_the_better_one_the_final_run()
    {
        BuiltProgram run = await QueueAsync(
            "shapes --rows 128 --epochs 8 --seeds 1 --method sieve --setting every=1,stage=1,depth=0,forget=1 "
                + "--setting every=5,stage=2,depth=0,forget=0.001",
            "--workers", "2");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("everything is run", run.Output);
        FinishedRun[] lines = [.. FinishedRuns.All(_folder)];
        Assert.Equal([RunPhase.Search, RunPhase.Search, RunPhase.Final], lines.Select(line => line.Phase));
        // Two workers end in any order; of equals the setting that is named first is chosen.
        FinishedRun[] tried = [.. lines[..2].OrderBy(line => line.Settings, StringComparer.Ordinal)];
        Assert.Contains(",stage=1,", tried[0].Settings);
        Assert.Contains(",stage=2,", tried[1].Settings);
        Assert.All(tried, line => Assert.Equal(1001, line.Seed));
        Assert.Equal((1, tried.MaxBy(line => line.Primary)!.Settings), (lines[2].Seed, lines[2].Settings));
    }

    [Fact]
    public async Task A_run_that_two_lines_ask_for_is_made_once()
    {
        BuiltProgram run = await QueueAsync("tables --quick --method plain\ntables --method plain --quick", "--workers", "3");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("everything is run", run.Output);
        FinishedRun made = Assert.Single(FinishedRuns.All(_folder));
        Assert.Equal((RunPhase.Final, 1), (made.Phase, made.Seed));
    }

    [Fact]
    public async Task A_second_queue_on_the_same_folder_is_refused()
    {
        string file = Path.Combine(_folder, "queue.lock");
        using (new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)) // as a queue holds it
        {
            BuiltProgram second = await QueueAsync("tables --quick --method plain", "--workers", "1");
            Assert.Equal(1, second.ExitCode);
            Assert.Contains($"another `run` or `queue` works on {_folder}, since {file} is locked: ", second.Error);
            Assert.False(File.Exists(Runs));
        }

        BuiltProgram next = await QueueAsync("tables --quick --method plain", "--workers", "1");
        Assert.True(next.ExitCode == 0, next.Error + next.Output);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("sieve")]
    [InlineData("jtt")]
    [InlineData("debiased")]
    public void A_training_on_a_table_stops_when_it_is_cancelled(string name)
    {
        MethodStudy study = QueueFile.Studies("tables --quick", StudyOptions.Parse(["queue", "any", "--data", _folder])).Single();
        Candidate candidate = study.Asked().Single(method => method.Name == name).Candidates.Single();
        var ml = new MLContext(seed: 1);
        var training = new Training(ml, study.FinalRows(ml, 1), 1, new CancellationToken(canceled: true));
        Assert.ThrowsAny<OperationCanceledException>(() => candidate.Fit(training));
    }

    [Fact]
    public async Task A_study_whose_data_are_missing_is_skipped_and_said()
    {
        BuiltProgram run = await QueueAsync("pets --quick", "--workers", "1");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains($"pets --quick: skipped, since the data folder {_folder} has no pets-on-scenes", run.Output);
    }

    [Fact]
    public async Task A_queue_stops_when_its_time_is_up_and_says_what_is_left()
    {
        BuiltProgram run = await QueueAsync("tables --quick", "--minutes", "0.001");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("time is up;", run.Output);
        Assert.False(File.Exists(Runs));
    }

    [Fact]
    public async Task A_run_that_fails_twice_is_given_up_and_the_others_go_on()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "fashion-mnist")); // there, but without its files
        BuiltProgram run = await QueueAsync("coloured-methods --quick --method plain\ntables --quick --method plain", "--workers", "2");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("given up after 2 attempts: coloured-98 final plain seed 1", run.Output);
        Assert.Contains("train-images-idx3-ubyte.gz", run.Output);
        Assert.Single(File.ReadAllLines(Runs));
    }

    private static void WriteImages(string path, int count)
    {
        const int side = 28;
        byte[] pixels = new byte[count * side * side];
        new Random(1).NextBytes(pixels);
        SmallIdx.Write(path + "-images-idx3-ubyte.gz", [count, side, side], pixels);
        SmallIdx.Write(path + "-labels-idx1-ubyte.gz", [count], [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))]);
    }

    private Task<BuiltProgram> QueueAsync(string lines, params string[] options)
    {
        string file = Path.Combine(_folder, "queue.txt");
        File.WriteAllText(file, lines);
        return BuiltProgram.RunAsync("Studies", ["queue", file, "--data", _folder, "--out", _folder, .. options]);
    }
}
