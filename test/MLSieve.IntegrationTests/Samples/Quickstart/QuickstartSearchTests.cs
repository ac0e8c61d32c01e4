using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Quickstart;

namespace MLSieve.Tests;

public sealed class QuickstartSearchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quickstart-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_small_search_shows_its_progress_its_trials_and_a_verdict()
    {
        string json = Path.Combine(_folder, "figures.json"), report = Path.Combine(_folder, "report.html");
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Quickstart", "--search", "--rows", "64", "--trials", "2", "--steps", "2", "--output", _folder, "--json", json, "--report",
            report);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("Search: of 3 trials ", run.Output);
        Assert.Contains("Search of FeatureSieveTrainer by UnbiasedAccuracy: 3 trials, 2 seeds each", run.Output);
        Assert.Matches("800 validation rows, [0-9]+ of them where the shortcut misleads", run.Output);

        Assert.Contains(
            "Which sieve, if any", await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // Two steps teach nothing: which of the two is said is not ours to promise.
        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        if (records.RootElement.GetArrayLength() == 0) Assert.Contains("plain training is the choice", run.Output);
        else Assert.Contains("Where the background conflicts, the sieve that the search chose ", run.Output);
        Assert.Equal(1_200, Directory.GetFiles(Path.Combine(_folder, "search", "test")).Length);
    }

    [Fact]
    public async Task Ctrl_C_pauses_a_search_and_the_same_command_ends_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends SIGINT.");
        string[] arguments = ["--search", "--rows", "64", "--trials", "1", "--steps", "60", "--output", _folder];
        string checkpoints = Path.Combine(_folder, "search", "checkpoints");
        BuiltProgram paused = await BuiltProgram.RunAsync("Quickstart", arguments, interruptWhen: () => Directory.Exists(checkpoints));
        Assert.True(paused.ExitCode == 130, $"{paused.ExitCode} {paused.Error}{paused.Output}");
        Assert.Contains("run again with --output", paused.Error);

        BuiltProgram ended = await BuiltProgram.RunAsync("Quickstart", arguments);
        Assert.True(ended.ExitCode == 0, ended.Error + ended.Output);
        Assert.Contains("Search of FeatureSieveTrainer by UnbiasedAccuracy: 2 trials", ended.Output);
    }

    [Fact]
    public async Task A_store_that_is_no_database_is_a_message_and_exits_with_1()
    {
        string store = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "search")).FullName, "search.db");
        string text = string.Concat(Enumerable.Repeat("label,place\n", 1000));
        await File.WriteAllTextAsync(store, text, TestContext.Current.CancellationToken);
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Quickstart", "--search", "--rows", "64", "--trials", "1", "--steps", "2", "--output", _folder);
        Assert.True(run.ExitCode == 1, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.Contains($"The trial store '{store}' cannot be used: ", run.Error);
        Assert.Contains("The file is broken, or no SQLite database: restore it, or name another.", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public void Both_ways_are_tested_from_five_fresh_seeds_and_judged_by_their_differences()
    {
        IReadOnlyList<Run> runs = TestOnFreshSeeds((_, _) => default);
        Assert.Equal(
            Enumerable.Range(1, 5).SelectMany(seed => Method.All, (seed, method) => (seed, method)),
            runs.Select(run => (run.Seed, run.Method)));
        Assert.All(runs, run => Assert.True(File.Exists(run.ModelPath)));

        double[] differences = [.. Enumerable.Range(1, 5).Select(seed => Of(Method.Sieve, seed) - Of(Method.Plain, seed))];
        (double Low, double High)? interval = PairedDifference.Interval(differences);
        string verdict = Verdict.OfSearch(runs);
        string range = interval is { } ends
            ? $", from {Points(ends.Low)} to {Points(ends.High)} (95 % interval"
            : " (no 95 % interval";
        Assert.Contains($": {Points(differences.Average())} points{range}", verdict, StringComparison.Ordinal);
        Assert.Contains(
            interval switch { ( > 0, _) => "wins over", (_, < 0) => "loses to", _ => "shows no difference" }, verdict,
            StringComparison.Ordinal);

        double Of(Method method, int seed) => runs.Single(run => run.Method == method && run.Seed == seed).ConflictingAccuracy;

        static string Points(double difference) =>
            (100 * difference).ToString("+0.0;−0.0;0.0", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Ctrl_C_or_a_fault_while_both_ways_are_trained_comes_as_it_is()
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => TestOnFreshSeeds((_, seed) =>
        {
            if (seed == 2) stop.Cancel();
            return stop.Token;
        }));
        Assert.True(File.Exists(Path.Combine(_folder, "plain-1.zip")));

        var fault = Assert.Throws<IOException>(() => TestOnFreshSeeds(
            (method, _) => method == Method.Sieve ? throw new IOException("The disk is full.") : CancellationToken.None));
        Assert.Equal("The disk is full.", fault.Message);
    }

    /// <summary>Trains both ways for a step or three, from each fresh seed.</summary>
    /// <param name="tokenOf">What a training is cancelled by.</param>
    private IReadOnlyList<Run> TestOnFreshSeeds(Func<Method, int, CancellationToken> tokenOf)
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = ShapeFiles.Read(
            ml,
            ShapeFiles.Write(_folder, "rows", BiasedShapes.Draw(48, BiasedShapes.Independent, 3), TestContext.Current.CancellationToken));
        ITransformer images = ml.Transforms.Conversion.MapValueToKey("Label", "Shape")
            .Append(ml.Transforms.LoadImages("Image", _folder, "Path"))
            .Append(ml.Transforms.ResizeImages("Image", ShapePainter.Side, ShapePainter.Side))
            .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
            .Fit(rows);
        return new FreshSeeds(ml, images, _folder).Test(rows, (method, seed) => ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options
            {
                FeatureColumnName = "Pixels",
                Network = { Kind = NetworkKind.ConvNet, Channels = [4] },
                Steps = method == Method.Plain ? 1 : 3,
                Seed = seed,
                CancellationToken = tokenOf(method, seed),
            }).Fit(images.Transform(rows)));
    }
}
