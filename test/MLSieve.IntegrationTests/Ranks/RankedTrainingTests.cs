using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>One training by several processes on loopback, by every method of the library.</summary>
public sealed class RankedTrainingTests : IClassFixture<RankedTrainingTests.TwoRanks>, IDisposable
{
    // Sums over ranks round otherwise than sums over a batch, and training carries that on.
    private const double Near = 1e-5;

    // Where two classes are nearly as likely, that may tip a row over: one of the 72 that the smallest case trains on.
    private const double NearAccuracy = 0.02;

    private readonly string _folder = Directory.CreateTempSubdirectory("ranks-").FullName;
    private readonly TwoRanks _two;

    public static TheoryData<string> Cases => [.. TrainingCase.Names];

    public RankedTrainingTests(TwoRanks two)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");
        _two = two;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Two_ranks_end_bitwise_equal_and_near_one_process(string name)
    {
        string folder = await _two.FolderOf(name);
        RequireEqual(2, folder);
        RequireNear(Outcome.Of(name), Outcome.ReadFrom(folder), name);
    }

    [Theory]
    [InlineData(Case.Images)]
    [InlineData(Case.Parts)]
    public async Task So_do_they_with_augmentation_and_batch_norm_and_with_batches_in_parts(string name) =>
        await Two_ranks_end_bitwise_equal_and_near_one_process(name);

    [Fact]
    public async Task So_do_they_on_texts_with_dropout_over_the_padding_of_the_whole_batch() =>
        await Two_ranks_end_bitwise_equal_and_near_one_process(Case.Texts);

    [Theory]
    [InlineData(nameof(Child.Is_stopped_by_its_progress))]
    [InlineData(nameof(Child.Is_stopped_by_its_validation))]
    public async Task A_cancellation_thrown_where_the_first_rank_alone_is_told_stops_both(string test)
    {
        using RankProcesses ranks = Start(test, 2, "sieve", Path.Combine(_folder, "stopped"));
        await ranks.RequirePassed();
        Assert.NotEmpty(Directory.EnumerateDirectories(Path.Combine(_folder, "stopped"), "checkpoint-*"));
    }

    [Fact]
    public async Task A_cancellation_thrown_in_a_step_of_one_rank_fails_it_and_is_a_loss_to_the_other()
    {
        using RankProcesses ranks = Start(nameof(Child.Throws_a_cancellation_in_one_rank), 2, "sieve", null);
        await ranks.RequirePassed();
    }

    [Fact]
    public async Task A_training_that_one_of_two_ranks_stops_goes_on_in_three_and_in_one()
    {
        string checkpoints = Path.Combine(_folder, "two");
        using (RankProcesses two = Start(nameof(Child.Is_stopped), 2, "sieve", checkpoints)) await two.RequirePassed();
        CheckpointState stopped = CheckpointFiles.Read(Directory.EnumerateDirectories(checkpoints, "checkpoint-*").Max()!);
        TestContext.Current.TestOutputHelper!.WriteLine($"step {stopped.Step}");
        Assert.InRange(stopped.Step - stopped.Point, 1, 6); // within an epoch of 7 steps: its losses so far go on too
        string copy = Path.Combine(_folder, "three");
        Copy(checkpoints, copy);

        Outcome whole = Outcome.Of("sieve");
        string folder = await Train(3, "sieve", copy);
        RequireEqual(3, folder);
        RequireNear(whole, Outcome.ReadFrom(folder), "three ranks");
        RequireNear(whole, Outcome.Of("sieve", checkpoints), "one process");
    }

    [Theory]
    [InlineData("sieve")]
    [InlineData("readouts together")]
    public async Task Three_ranks_end_bitwise_equal(string name) => RequireEqual(3, await Train(3, name));

    /// <summary>All ranks have one model and one history.</summary>
    private static void RequireEqual(int count, string folder)
    {
        for (int rank = 1; rank < count; rank++)
        {
            Assert.Equal(Written(0, Outcome.Model), Written(rank, Outcome.Model));
            Assert.Equal(Encoding.UTF8.GetString(Written(0, Outcome.History)), Encoding.UTF8.GetString(Written(rank, Outcome.History)));
        }

        byte[] Written(int rank, string what) => File.ReadAllBytes(Path.Combine(folder, $"{rank}{what}"));
    }

    private static void RequireNear(Outcome one, Outcome ranks, string what)
    {
        Assert.Equal(one.Points.Select(Exact), ranks.Points.Select(Exact));
        double scores = Away(one.Scores.Select(score => (double)score), ranks.Scores.Select(score => (double)score));
        double losses = Away(Meters(one, areShares: false), Meters(ranks, areShares: false));
        double accuracies = Away(Meters(one, areShares: true), Meters(ranks, areShares: true));
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{what}: scores {scores:G3}, losses {losses:G3}, training accuracies {accuracies:G3}");
        Assert.True(scores < Near, $"{what}: scores are up to {scores:G3} from those of one process.");
        Assert.True(losses < Near, $"{what}: losses are up to {losses:G3} from those of one process.");
        Assert.True(accuracies < NearAccuracy, $"{what}: training accuracies are up to {accuracies:G3} from those of one process.");
        Assert.All(one.Points.Zip(ranks.Points), pair => RequireNear(pair.First, pair.Second));

        // all but the numbers that rounding reaches
        static string Exact(TrainingPoint point) => JsonSerializer.Serialize(point with
        {
            Losses = point.Losses.Keys.ToDictionary(name => name, _ => 0.0),
            ValidationScore = point.ValidationScore is null ? null : 0,
            Groups = [.. point.Groups.Select(group => group with { Correct = 0 })],
        });

        static IEnumerable<double> Meters(Outcome of, bool areShares) =>
            from point in of.Points
            from meter in point.Losses
            where meter.Key.EndsWith(" accuracy", StringComparison.Ordinal) == areShares
            select meter.Value;

        static double Away(IEnumerable<double> expected, IEnumerable<double> numbers) =>
            expected.Zip(numbers, (first, second) => Math.Abs(first - second)).DefaultIfEmpty().Max();
    }

    /// <summary>The validation is the same but for one row.</summary>
    private static void RequireNear(TrainingPoint one, TrainingPoint ranks)
    {
        long rows = one.Groups.Zip(ranks.Groups, (first, second) => Math.Abs(first.Correct - second.Correct)).Sum();
        Assert.InRange(rows, 0, 1);
        if (one.ValidationScore is not { } score) return;
        double most = (double)rows / one.Groups.Min(group => group.Count) + Near; // the worst group's, if that is the figure
        Assert.InRange(ranks.ValidationScore!.Value, score - most, score + most);
    }

    private static void Copy(string folder, string to)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>Trains in so many ranks.</summary>
    /// <returns>The folder that they wrote.</returns>
    private async Task<string> Train(int count, string name, string? checkpoints = null)
    {
        using RankProcesses ranks = Start(nameof(Child.Trains), count, name, checkpoints);
        await ranks.RequirePassed();
        return Path.Combine(_folder, name);
    }

    private RankProcesses Start(string test, int count, string name, string? checkpoints) => RankProcesses.Start<Child>(
        test, count, (Child.Folder, _folder), (Child.Names, name), (Child.Checkpoints, checkpoints));

    /// <summary>Two processes that train every case, one after the other: most of a test would be their start.</summary>
    public sealed class TwoRanks : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("two-ranks-").FullName;
        private readonly Lazy<Task> _trained;

        public TwoRanks() => _trained = new Lazy<Task>(Train);

        /// <summary>What both ranks wrote of a case.</summary>
        public async Task<string> FolderOf(string name)
        {
            await _trained.Value;
            return Path.Combine(_folder, name);
        }

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        private async Task Train()
        {
            string names = string.Join(Child.Separator, [.. TrainingCase.Names, Case.Images, Case.Parts, Case.Texts]);
            using RankProcesses ranks = RankProcesses.Start<Child>(
                nameof(Child.Trains), 2, (Child.Folder, _folder), (Child.Names, names), (Child.Checkpoints, null));
            await ranks.RequirePassed();
        }
    }

    /// <summary>What comes of a training, and of each rank of one.</summary>
    /// <param name="Scores">The scores of the rows.</param>
    /// <param name="Points">The points of its history, and the validation after them where a last layer was fitted anew.</param>
    private sealed record Outcome(float[] Scores, IReadOnlyList<TrainingPoint> Points)
    {
        public const string Model = ".onnx", History = ".history";
        private const string OfRows = ".scores";

        /// <summary>That of one process.</summary>
        public static Outcome Of(string name, string? checkpoints = null)
        {
            using Case trained = Case.Of(name);
            trained.Options.CheckpointDirectory = checkpoints;
            return Of(trained, trained.Fit());
        }

        /// <summary>That of the first rank.</summary>
        public static Outcome ReadFrom(string folder) => new(
            MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, "0" + OfRows))).ToArray(),
            [.. File.ReadLines(Path.Combine(folder, "0" + History)).Select(line => JsonSerializer.Deserialize<TrainingPoint>(line)!)]);

        /// <summary>Writes that of a rank.</summary>
        public static void Write(string folder, string rank, Case trained)
        {
            EarlyReadoutTransformer model = trained.Fit();
            Outcome outcome = Of(trained, model);
            File.WriteAllBytes(Path.Combine(folder, rank + Model), ModelBytes.Of(model));
            File.WriteAllBytes(Path.Combine(folder, rank + OfRows), MemoryMarshal.AsBytes(outcome.Scores.AsSpan()).ToArray());
            File.WriteAllLines(Path.Combine(folder, rank + History), outcome.Points.Select(point => JsonSerializer.Serialize(point)));
        }

        private static Outcome Of(Case trained, EarlyReadoutTransformer model) => new(
            trained.Scores(),
            model.History.Refitted is { } refitted ? [.. model.History.Points, refitted] : model.History.Points);
    }

    /// <summary>What is trained: the ways of training of <see cref="TrainingCase"/>, and two more inputs of a training.</summary>
    private sealed record Case(TrainerOptions Options, Func<MLContext, IDataView> Rows) : IDisposable
    {
        public const string Images = "images";
        public const string Parts = "parts of batches";
        public const string Texts = "texts";

        private EarlyReadoutTransformer? _model;

        public static Case Of(string name) => name switch
        {
            Images => new Case(OfImages(), ml => ContractRow.View(ml, ContractRow.Draw(90))),
            Parts => new Case(InParts(), ml => TrainingCase.Rows(ml)),
            Texts => new Case(OfTexts(), TextRow.View),
            _ => new Case(TrainingCase.Options(name), ml => TrainingCase.Rows(ml)),
        };

        public EarlyReadoutTransformer Fit()
        {
            var ml = new MLContext(seed: 1);
            return _model = Options.Estimator(ml).Fit(Rows(ml));
        }

        public float[] Scores() =>
            [.. _model!.Transform(Rows(new MLContext(seed: 1))).GetColumn<float[]>("Score").SelectMany(score => score)];

        public void Dispose() => _model?.Dispose();

        private static TrainerOptions OfImages()
        {
            TrainerOptions options = ContractTrainer.Sieve.Options(ContractInput.Images);
            options.ValidationFraction = 0.2;
            options.Seed = 3;
            options.Augmentation = Augmentations.All();
            options.Network.Custom = (shape, classes) => new WatchedNetwork(shape, classes, (_, input) => input.alias());
            return options;
        }

        private static FeatureSieveTrainer.Options OfTexts() => new()
        {
            TextColumnName = "Text",
            Network = { Encoder = { Layers = 2, Width = 16, Heads = 2, Dropout = 0.3 }, MaxTokens = 64 },
            ForgetEvery = 3,
            Readout = { Depth = 1, Width = 8 },
            Epochs = 2,
            BatchSize = 32,
            ValidationFraction = 0.2,
            Seed = 3,
        };

        private static TrainerOptions InParts()
        {
            TrainerOptions options = TrainingCase.Options("readouts together");
            options.MicroBatchSize = 5;
            options.Optimizer.ClipNorm = 0.5; // of the gradients of all parts and ranks
            options.Network.Custom = (shape, classes) => new Mlp(shape, [16, 16], classes); // dropout is drawn by part
            return options;
        }
    }

    /// <summary>A text of 1 to 40 words, of which the first tells the class.</summary>
    private sealed class TextRow
    {
        public string Text { get; set; } = "";

        public string Class { get; set; } = "";

        public static IDataView View(MLContext ml)
        {
            var random = new Random(5);
            string[] words = ["plain", "rain", "falls", "in", "spain", "mainly", "on", "the"];
            TextRow[] rows = [.. Enumerable.Range(0, 130).Select(i => new TextRow
            {
                Class = i % 2 == 0 ? "good" : "bad",
                Text = string.Join(' ', random.GetItems(words, random.Next(40)).Prepend(i % 2 == 0 ? "fine" : "poor")),
            })];
            IDataView view = ml.Data.LoadFromEnumerable(rows);
            return ml.Transforms.Conversion.MapValueToKey("Label", nameof(Class)).Fit(view).Transform(view);
        }
    }

    /// <summary>What the ranks run.</summary>
    public sealed class Child
    {
        internal const string Folder = "MLSIEVE_TEST_FOLDER", Names = "MLSIEVE_TEST_CASES", Checkpoints = "MLSIEVE_TEST_CHECKPOINTS";
        internal const char Separator = ';';

        private static string Rank => Environment.GetEnvironmentVariable("RANK")!;

        [Fact(Explicit = true)]
        public void Trains()
        {
            foreach (string name in Environment.GetEnvironmentVariable(Names)!.Split(Separator))
            {
                string path = Directory.CreateDirectory(Path.Combine(Environment.GetEnvironmentVariable(Folder)!, name)).FullName;
                using Case trained = Begin(name);
                Outcome.Write(path, Rank, trained);
            }
        }

        [Fact(Explicit = true)]
        public void Is_stopped()
        {
            using var stop = new CancellationTokenSource();
            using Case stopped = Begin();
            stopped.Options.CancellationToken = stop.Token;
            WatchedNetwork.Count(stopped.Options, batch =>
            {
                if (Rank == "1" && batch == 24) stop.Cancel();
            });
            var cancelled = Assert.ThrowsAny<OperationCanceledException>(stopped.Fit);
            Assert.Equal(Rank == "0", cancelled.Message == "The training was cancelled in another rank.");
        }

        [Fact(Explicit = true)]
        public void Is_stopped_by_its_progress() => IsStoppedByWhatIsTold(options => options.Progress = new Refusing());

        [Fact(Explicit = true)]
        public void Is_stopped_by_its_validation() =>
            IsStoppedByWhatIsTold(options => options.OnValidation = _ => throw new OperationCanceledException("Enough."));

        [Fact(Explicit = true)]
        public void Throws_a_cancellation_in_one_rank()
        {
            using Case begun = Begin();
            WatchedNetwork.Count(begun.Options, batch =>
            {
                if (Rank == "1" && batch == 24) throw new OperationCanceledException("Enough.");
            });
            Exception fault = Assert.ThrowsAny<Exception>(begun.Fit);
            if (Rank == "1") Assert.Equal("Enough.", Assert.IsType<OperationCanceledException>(fault).Message);
            else Assert.StartsWith("Rank 0 of 2 has lost another one", Assert.IsType<DistributedTrainingException>(fault).Message);
        }

        private static void IsStoppedByWhatIsTold(Action<TrainerOptions> refuse)
        {
            using Case stopped = Begin();
            refuse(stopped.Options);
            var cancelled = Assert.Throws<OperationCanceledException>(stopped.Fit);
            Assert.Equal(Rank == "0" ? "Enough." : "The training was cancelled in another rank.", cancelled.Message);
        }

        private sealed class Refusing : IProgress<TrainingProgress>
        {
            public void Report(TrainingProgress value) => throw new OperationCanceledException("Enough.");
        }

        private static Case Begin() => Begin(Environment.GetEnvironmentVariable(Names)!);

        private static Case Begin(string name)
        {
            Case begun = Case.Of(name);
            begun.Options.CheckpointDirectory = Environment.GetEnvironmentVariable(Checkpoints);
            return begun;
        }
    }
}
