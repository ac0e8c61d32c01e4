using System.Globalization;
using System.Runtime.InteropServices;
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
        byte[][] models = Models(2, folder);
        Assert.Equal(models[0], models[1]);
        RequireNear(Case.Scores(name), ScoresOf(folder), name);
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
        string newest = Path.GetFileName(Directory.EnumerateDirectories(checkpoints, "checkpoint-*").Max()!);
        TestContext.Current.TestOutputHelper!.WriteLine(newest);
        Assert.InRange(int.Parse(newest[^6..], CultureInfo.InvariantCulture), 1, 20); // of 21 steps
        string copy = Path.Combine(_folder, "three");
        Copy(checkpoints, copy);

        float[] whole = Case.Scores("sieve");
        byte[][] models = await Train(3, "sieve", copy);
        Assert.Equal(models[0], models[1]);
        Assert.Equal(models[0], models[2]);
        RequireNear(whole, ScoresOf(Path.Combine(_folder, "sieve")), "three ranks");
        RequireNear(whole, Case.Scores("sieve", checkpoints), "one process");
    }

    [Theory]
    [InlineData("sieve")]
    [InlineData("readouts together")]
    public async Task Three_ranks_end_bitwise_equal(string name)
    {
        byte[][] models = await Train(3, name);
        Assert.Equal(models[0], models[1]);
        Assert.Equal(models[0], models[2]);
    }

    private static void RequireNear(float[] expected, float[] scores, string what)
    {
        double away = expected.Zip(scores, (one, ranks) => Math.Abs(one - ranks)).Max();
        TestContext.Current.TestOutputHelper!.WriteLine($"{what}: {away:G3}");
        Assert.True(away < Near, $"{what}: scores are up to {away:G3} from those of one process.");
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

    // those of the first rank
    private static float[] ScoresOf(string folder) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, "0.scores"))).ToArray();

    private static byte[][] Models(int count, string folder) =>
        [.. Enumerable.Range(0, count).Select(rank => File.ReadAllBytes(Path.Combine(folder, $"{rank}.onnx")))];

    private async Task<byte[][]> Train(int count, string name, string? checkpoints = null)
    {
        using RankProcesses ranks = Start(nameof(Child.Trains), count, name, checkpoints);
        await ranks.RequirePassed();
        return Models(count, Path.Combine(_folder, name));
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

        public static float[] Scores(string name, string? checkpoints = null)
        {
            using Case trained = Of(name);
            trained.Options.CheckpointDirectory = checkpoints;
            trained.Fit();
            return trained.Scores();
        }

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
                File.WriteAllBytes(Path.Combine(path, $"{Rank}.onnx"), TrainingCase.BytesOf(trained.Fit()));
                File.WriteAllBytes(Path.Combine(path, $"{Rank}.scores"), MemoryMarshal.AsBytes(trained.Scores().AsSpan()).ToArray());
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
