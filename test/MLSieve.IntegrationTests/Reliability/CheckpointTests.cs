using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>What a folder of checkpoints keeps, who may go on from it, and what damaged or strange files in it are told.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("checkpoints-ğ-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_finished_training_that_is_started_again_returns_its_model_without_a_step()
    {
        byte[] first = TrainingCase.FitToBytes(Checkpointed("sieve"));
        TrainerOptions again = Checkpointed("sieve");
        int trained = 0;
        again.Network.Custom = (shape, classes) => new WatchedNetwork(shape, classes, (_, input) =>
        {
            if (is_grad_enabled()) trained++;
            return input.alias();
        });
        using EarlyReadoutTransformer model = TrainingCase.Fit(again);
        Assert.Equal(first, ModelBytes.Of(model));
        Assert.Equal(0, trained);
        Assert.Equal([1, 2, 3], model.History.Points.Select(point => point.Epoch));
    }

    [Fact]
    public void The_last_checkpoints_and_the_best_network_are_kept_and_anyone_can_check_and_read_them()
    {
        TrainerOptions options = Checkpointed("sieve");
        options.CheckpointEverySteps = 2;
        options.CheckpointsKept = 3;
        TrainingCase.FitToBytes(options);
        string[] checkpoints = [.. Directory.EnumerateDirectories(_folder, "checkpoint-*").Order()];
        Assert.Equal(3, checkpoints.Length);
        Assert.NotEmpty(Directory.EnumerateFiles(_folder, "best-training-step-*.safetensors"));
        foreach (string checkpoint in checkpoints)
        {
            foreach (string line in File.ReadAllLines(Path.Combine(checkpoint, "SHA256SUMS")))
            {
                byte[] file = File.ReadAllBytes(Path.Combine(checkpoint, line[66..]));
                Assert.Equal(line[..64], Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file)));
            }

            using SafetensorsFile weights = SafetensorsFile.Open(Path.Combine(checkpoint, "network.safetensors"));
            Assert.Contains("head.0.weight", weights.Names);
        }
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd, 0, 2)]
    [InlineData(OptimizerKind.AdamW, 0, 3)]
    [InlineData(OptimizerKind.Sgd, 0.9, 3)]
    public void A_checkpoint_takes_as_many_times_the_weights_as_the_page_says(OptimizerKind optimizer, double averaging, int times)
    {
        TrainingCase.FitToBytes(new EarlyReadoutEstimator.Options
        {
            Taps = [],
            Network = { HiddenUnits = [500, 500] }, // so that what else is in the files counts for little
            Optimizer = { Kind = optimizer },
            AveragingDecay = averaging,
            Epochs = 2,
            ValidationFraction = 0.2,
            CheckpointDirectory = _folder,
        });
        double weights = new FileInfo(BestOf(Newest())).Length;
        Assert.InRange(weights, 4 * 500 * 500, 4 * 530 * 530);
        Assert.InRange(Directory.EnumerateFiles(Newest()).Sum(file => new FileInfo(file).Length) / weights, times, times + 0.05);
    }

    [Fact]
    public void A_checkpoint_that_is_due_by_the_clock_is_taken_within_an_epoch_and_gone_on_from()
    {
        byte[] expected = TrainingCase.FitToBytes(Options(_ => { }));
        Assert.Throws<TimeoutException>(() => TrainingCase.Fit(Options(FailAtFifth, minutes: 0)));
        Assert.Empty(Directory.EnumerateDirectories(_folder, "checkpoint-*"));
        Assert.Throws<TimeoutException>(() => TrainingCase.Fit(Options(FailAtFifth, minutes: 1e-9))); // 60 ns: due before every step
        Assert.Contains("\"Step\":4,", File.ReadAllText(Path.Combine(Newest(), "state.json")), StringComparison.Ordinal);

        int steps = 0;
        Assert.Equal(expected, TrainingCase.FitToBytes(Options(step => steps = step, minutes: 0)));
        Assert.Equal((3 * 9) - 4, steps); // nine batches an epoch of 260 rows

        static void FailAtFifth(int step)
        {
            if (step == 5) throw new TimeoutException("The disk is slow.");
        }

        TrainerOptions Options(Action<int> atStep, double? minutes = null)
        {
            TrainerOptions options = TrainingCase.Options("class-balanced");
            options.ValidationFraction = 0;
            if (minutes is { } due) (options.CheckpointDirectory, options.CheckpointEveryMinutes) = (_folder, due);
            int step = 0;
            options.Network.Custom = (shape, classes) => new WatchedNetwork(shape, classes, (_, input) =>
            {
                if (is_grad_enabled()) atStep(++step);
                return input.alias();
            });
            return options;
        }
    }

    [Fact]
    public void A_disk_that_fails_at_the_last_checkpoint_costs_no_model()
    {
        byte[] expected = TrainingCase.FitToBytes(TrainingCase.Options("sieve"));
        TrainerOptions options = Checkpointed("sieve");
        options.Progress = new LastStep(() =>
        {
            Directory.Delete(_folder, recursive: true);
            File.WriteAllText(_folder, "no folder");
        });
        var ml = new MLContext(seed: 1);
        List<string> warnings = [];
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == ChannelMessageKind.Warning) warnings.Add(entry.RawMessage);
        };
        try
        {
            Assert.Equal(expected, TrainingCase.FitToBytes(options, ml));
        }
        finally
        {
            File.Delete(_folder);
            Directory.CreateDirectory(_folder);
        }

        const string warning = "The last checkpoint could not be written, and the fit goes on without it: ";
        Assert.Contains(warnings, text => text.StartsWith(warning, StringComparison.Ordinal));
    }

    [Fact]
    public void What_else_lies_in_the_folder_stays_and_what_a_killed_training_left_goes()
    {
        string[] ours = ["checkpoint-abc.partial/state.json", $"best-training-step-3.safetensors.{Guid.NewGuid():N}.partial"];
        string[] others = ["best-model.zip", "best-of-all.safetensors", "notes.tmp", "other.partial/notes", "checkpoint-notes/a"];
        foreach (string file in ours.Concat(others))
        {
            string path = Path.Combine(_folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "mine");
        }

        TrainingCase.FitToBytes(Checkpointed("sieve"));
        Assert.All(others, file => Assert.Equal("mine", File.ReadAllText(Path.Combine(_folder, file))));
        Assert.All(ours, file => Assert.False(File.Exists(Path.Combine(_folder, file)), file));
    }

    [Fact]
    public void Pretrained_weights_may_lie_elsewhere_and_must_be_the_same()
    {
        string first = Path.Combine(_folder, "first.safetensors"), moved = Path.Combine(_folder, "moved.safetensors");
        string other = Path.Combine(_folder, "other.safetensors");
        using (EarlyReadoutTransformer model = OneEpoch(seed: 1)) model.SaveWeights(first);
        using (EarlyReadoutTransformer model = OneEpoch(seed: 2)) model.SaveWeights(other);
        byte[] expected = Fit(first);
        File.Move(first, moved);
        Assert.Equal(expected, Fit(moved));
        var fault = Assert.Throws<CheckpointMismatchException>(() => Fit(other));
        Assert.StartsWith("the weights that it starts from was ", Assert.Single(fault.Differences), StringComparison.Ordinal);

        byte[] Fit(string weights)
        {
            TrainerOptions options = TrainingCase.Options("sieve");
            (options.Network.WeightsPath, options.CheckpointDirectory) = (weights, Path.Combine(_folder, "checkpoints"));
            return TrainingCase.FitToBytes(options);
        }
    }

    [Fact]
    public void A_teachers_file_may_lie_elsewhere_and_must_be_the_same()
    {
        string first = Path.Combine(_folder, "first.onnx"), moved = Path.Combine(_folder, "moved.onnx");
        string other = Path.Combine(_folder, "other.onnx");
        using (EarlyReadoutTransformer model = OneEpoch(seed: 1)) model.SaveAsOnnx(first);
        using (EarlyReadoutTransformer model = OneEpoch(seed: 2)) model.SaveAsOnnx(other);
        byte[] expected = TrainingCase.FitToBytes(Taught(first));
        TrainerOptions begun = Taught(first, checkpoints: true);
        using var stop = new CancellationTokenSource();
        begun.CancellationToken = stop.Token;
        WatchedNetwork.Count(begun, count =>
        {
            if (count == 15) stop.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(begun));

        File.Move(first, moved);
        var fault = Assert.Throws<CheckpointMismatchException>(() => TrainingCase.Fit(Taught(other, checkpoints: true)));
        Assert.StartsWith("the training data's column 'Taught' was ", Assert.Single(fault.Differences), StringComparison.Ordinal);
        Assert.Equal(expected, TrainingCase.FitToBytes(Taught(moved, checkpoints: true)));

        TrainerOptions Taught(string file, bool checkpoints = false)
        {
            var options = (DebiasedDistillationTrainer.Options)TrainingCase.Options("distillation");
            (options.Teacher.OnnxPath, options.Teacher.OutputName, options.Teacher.ScoreColumnName) = (file, "Logits", "Taught");
            if (checkpoints) options.CheckpointDirectory = Path.Combine(_folder, "checkpoints");
            return options;
        }
    }

    [Fact]
    public void Another_training_is_told_what_differs()
    {
        TrainingCase.FitToBytes(Checkpointed("sieve"));
        TrainerOptions other = Checkpointed("sieve");
        (other.Epochs, other.Optimizer.LearningRate) = (7, 0.25);
        var fault = Assert.Throws<CheckpointMismatchException>(() => TrainingCase.Fit(other));
        // The rate of forgetting is automatic, and follows the main one.
        Assert.Equal(
            ["Epochs was 3 and is 7", "ForgetLearningRate was 0.05 and is 0.25", "Optimizer.LearningRate was 0.05 and is 0.25"],
            fault.Differences);
        Assert.EndsWith(
            ". Set another CheckpointDirectory (each fold of a cross-validation needs its own), or delete this one to start again.",
            fault.Message, StringComparison.Ordinal);

        var ml = new MLContext(seed: 1);
        fault = Assert.Throws<CheckpointMismatchException>(() => Checkpointed("sieve").Estimator(ml).Fit(TrainingCase.Rows(ml, 200)));
        Assert.Contains("the training data's rows was 260 and is 200", fault.Differences);
        Assert.Contains(
            fault.Differences, difference => difference.StartsWith("the training data's features was ", StringComparison.Ordinal));
        Assert.Contains(
            Assert.Throws<CheckpointMismatchException>(() => TrainingCase.Fit(Checkpointed("group DRO"))).Differences,
            difference => difference == "the trainer was FeatureSieveTrainer and is EarlyReadoutEstimator");
    }

    [Fact]
    public void Other_rows_for_reweighting_are_noticed_too()
    {
        var ml = new MLContext(seed: 1);
        using var stop = new CancellationTokenSource();
        TrainerOptions begun = With(100);
        begun.CancellationToken = stop.Token;
        WatchedNetwork.Count(begun, count =>
        {
            if (count == 15) stop.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(begun));
        Assert.Contains(
            "ReweightingSet differ", Assert.Throws<CheckpointMismatchException>(() => TrainingCase.Fit(With(120))).Message,
            StringComparison.Ordinal);
        TrainingCase.Fit(With(100)).Dispose();

        TrainerOptions With(int rows)
        {
            var options = (EarlyReadoutEstimator.Options)Checkpointed("deep feature reweighting");
            options.Objective.DeepFeatureReweighting.ReweightingSet = TrainingCase.Rows(ml, rows);
            return options;
        }
    }

    [Fact]
    public void A_head_that_was_fitted_anew_is_not_validated_again_where_the_readouts_after_it_go_on()
    {
        int batches = 0;
        EarlyReadoutEstimator.Options uninterrupted = Options(), begun = Options(), later = Options();
        WatchedNetwork.Count(uninterrupted, count => batches = count);
        using EarlyReadoutTransformer whole = TrainingCase.Fit(uninterrupted);
        int amongReadouts = batches - 6;
        using var stop = new CancellationTokenSource();
        (begun.CancellationToken, begun.CheckpointDirectory, later.CheckpointDirectory) = (stop.Token, _folder, _folder);
        WatchedNetwork.Count(begun, count =>
        {
            if (count == amongReadouts) stop.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(begun));

        WatchedNetwork.Count(later, count => batches = count);
        using EarlyReadoutTransformer model = TrainingCase.Fit(later);
        Assert.InRange(batches, 1, 15); // no step of the network
        Assert.Equal(ModelBytes.Of(whole), ModelBytes.Of(model));
        Assert.NotNull(whole.History.Refitted!.ValidationScore);
        Assert.Equal(whole.History.Refitted.ValidationScore, model.History.Refitted!.ValidationScore);
        Assert.Equal(whole.History.Refitted.Groups, model.History.Refitted.Groups);

        static EarlyReadoutEstimator.Options Options()
        {
            var options = (EarlyReadoutEstimator.Options)TrainingCase.Options("deep feature reweighting");
            (options.Taps, options.ReadoutTiming, options.ReadoutEpochs) = ([new()], ReadoutTiming.Afterwards, 2);
            return options;
        }
    }

    [Fact]
    public void A_checkpoint_of_another_version_is_told_so()
    {
        TrainingCase.FitToBytes(Checkpointed("sieve"));
        Rewrite(text =>
            text.Replace("\"this library\\u0027s version\":\"", "\"this library\\u0027s version\":\"0.0.1-old", StringComparison.Ordinal));
        Assert.Contains(
            "this library's version was 0.0.1-old",
            Assert.Throws<CheckpointMismatchException>(() => TrainingCase.Fit(Checkpointed("sieve"))).Message, StringComparison.Ordinal);
        Rewrite(text => text.Replace("\"Format\":4", "\"Format\":9", StringComparison.Ordinal));
        Assert.Contains(
            "is of format 9", Assert.Throws<InvalidDataException>(() => TrainingCase.Fit(Checkpointed("sieve"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_may_change_between_two_parts_is_not_asked_for()
    {
        byte[] expected = TrainingCase.FitToBytes(TrainingCase.Options("sieve"));
        string first = Path.Combine(_folder, "first"), moved = Path.Combine(_folder, "moved");
        using CancellationTokenSource stop = new(), other = new();
        TrainerOptions begun = TrainingCase.Options("sieve"), goneOn = TrainingCase.Options("sieve");
        (begun.CheckpointDirectory, begun.CancellationToken) = (first, stop.Token);
        WatchedNetwork.Count(begun, count =>
        {
            if (count == 15) stop.Cancel(); // in the second epoch
        });
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(begun));

        Directory.Move(first, moved);
        (goneOn.CheckpointDirectory, goneOn.CheckpointEverySteps) = (moved, 2);
        (goneOn.CheckpointEveryMinutes, goneOn.CheckpointsKept) = (1, 1);
        (goneOn.Device, goneOn.Distribution, goneOn.MemoryBudgetMebibytes) = ("cpu", Distribution.Off, 17);
        (goneOn.Precision, goneOn.OnCancellation) = (Precision.Automatic, CancellationBehavior.ReturnBest);
        goneOn.Seed = null; // the context's is the same
        Assert.Equal(OptionsTests.MayChange, OptionsTests.Differing(OptionValues.Of(begun), OptionValues.Of(goneOn)));

        // what options as JSON do not hold
        (goneOn.CancellationToken, goneOn.Progress) = (other.Token, new LastStep(() => { }));
        List<double> validated = [];
        goneOn.OnValidation = validation => validated.Add(validation.Epoch);
        Assert.Equal(expected, TrainingCase.FitToBytes(goneOn, new MLContext(seed: 3)));
        Assert.Equal([2, 3], validated);
        Assert.Single(Directory.EnumerateDirectories(moved, "checkpoint-*"));
    }

    [Theory]
    [InlineData("network.safetensors")]
    [InlineData("training.safetensors")]
    [InlineData("state.json")]
    [InlineData("SHA256SUMS")]
    [InlineData("../best-training-step-")]
    public void A_damaged_file_is_named_and_the_checkpoint_before_it_still_works(string name)
    {
        byte[] expected = TrainingCase.FitToBytes(Checkpointed("sieve"));
        string newest = Newest();
        string file = name.StartsWith("..", StringComparison.Ordinal) ? BestOf(newest) : Path.Combine(newest, name);
        byte[] whole = File.ReadAllBytes(file);
        foreach (Action<string> damage in new Action<string>[]
        {
            path => File.WriteAllBytes(path, whole[..(whole.Length / 2)]),
            path => File.WriteAllBytes(path, [.. whole[..20], (byte)(whole[20] ^ 1), .. whole[21..]]),
            File.Delete,
        })
        {
            damage(file);
            var fault = Assert.Throws<InvalidDataException>(() => TrainingCase.Fit(Checkpointed("sieve")));
            // a flipped sum looks like a flipped file
            Assert.Contains(name == "SHA256SUMS" ? newest : Path.GetFileName(name), fault.Message, StringComparison.Ordinal);
            Assert.Contains("Delete this checkpoint", fault.Message, StringComparison.Ordinal);
        }

        if (name.StartsWith("..", StringComparison.Ordinal)) return; // both checkpoints need it
        Directory.Delete(newest, recursive: true);
        Assert.Equal(expected, TrainingCase.FitToBytes(Checkpointed("sieve")));
    }

    [Fact]
    public void Two_trainings_at_a_time_cannot_share_a_folder()
    {
        TrainerOptions inner = Checkpointed("sieve");
        TrainerOptions outer = Checkpointed("sieve");
        Exception? fault = null;
        WatchedNetwork.Count(outer, count =>
        {
            if (count == 3) fault = Record.Exception(() => TrainingCase.Fit(inner));
        });
        TrainingCase.FitToBytes(outer);
        Assert.Contains("another training uses it", Assert.IsType<IOException>(fault).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        TrainerOptions options = Checkpointed("sieve");
        options.CheckpointDirectory = Path.Combine(file, "below");
        Assert.Contains(
            options.CheckpointDirectory, Assert.Throws<IOException>(() => TrainingCase.Fit(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_pass_their_checksums_and_make_no_sense_are_named_too()
    {
        TrainingCase.FitToBytes(Checkpointed("sieve"));
        string newest = Newest();
        string state = File.ReadAllText(Path.Combine(newest, "state.json"));
        foreach (string text in new[] { "", "null", "[]", "{}", state.Replace(
            "\"BestStep\":", "\"BestStep\":-",
            StringComparison.Ordinal), state.Replace("\"Step\":", "\"Step\":\"x\",\"S\":", StringComparison.Ordinal), state.Replace(
            "\"Loop\":\"Training\"", "\"Loop\":\"Unknown\"", StringComparison.Ordinal),
            // the fuzz test once found that it ended in a null reference
            state.Replace("\"History\":[", "\"History\":[null,", StringComparison.Ordinal),
            // the fuzz test once found that a missing file went unnoticed until it was opened
            state.Replace("\"BestFile\":\"best-", "\"BestFile\":\"no-", StringComparison.Ordinal),
            // … and a message of 40,000 letters
            state.Replace("\"Format\":", $"\"{new string('x', 50_000)}\":1,\"Format\":\"", StringComparison.Ordinal) })
        {
            Rewrite(_ => text);
            var fault = Assert.Throws<InvalidDataException>(() => TrainingCase.Fit(Checkpointed("sieve")));
            Assert.Contains("checkpoint-", fault.Message, StringComparison.Ordinal);
            Assert.True(fault.Message.Length < 2_000, fault.Message);
        }

        Rewrite(_ => state);
        File.Copy(Path.Combine(newest, "training.safetensors"), Path.Combine(newest, "network.safetensors"), overwrite: true);
        Rewrite(text => text);
        Assert.Contains(
            "network.safetensors", Assert.Throws<InvalidDataException>(() => TrainingCase.Fit(Checkpointed("sieve"))).Message,
            StringComparison.Ordinal);
    }

    private sealed class LastStep(Action action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Epoch == value.Epochs && value.Step == value.StepsPerEpoch) action();
        }
    }

    private TrainerOptions Checkpointed(string name)
    {
        TrainerOptions options = TrainingCase.Options(name);
        options.CheckpointDirectory = _folder;
        return options;
    }

    private static EarlyReadoutTransformer OneEpoch(int seed)
    {
        TrainerOptions options = TrainingCase.Options("sieve");
        (options.Seed, options.Epochs) = (seed, 1);
        return TrainingCase.Fit(options);
    }

    private string Newest() => Directory.EnumerateDirectories(_folder, "checkpoint-*").Max()!;

    private string BestOf(string checkpoint) =>
        Path.Combine(
            _folder,
            Path.GetFileName(File.ReadAllLines(Path.Combine(checkpoint, "SHA256SUMS"))
                .Single(line => line.Contains("../", StringComparison.Ordinal))[66..]));

    /// <summary>Changes the newest checkpoint's state.json and makes its checksums right again.</summary>
    private void Rewrite(Func<string, string> change)
    {
        string newest = Newest();
        string path = Path.Combine(newest, "state.json"), sums = Path.Combine(newest, "SHA256SUMS");
        File.WriteAllText(path, change(File.ReadAllText(path)), new UTF8Encoding(false));
        string[] names = [.. File.ReadAllLines(sums).Select(line => line[66..])];
        File.WriteAllText(
            sums,
            string.Concat(
                names.Select(
                    name => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(newest, name))))}  {name}\n")));
    }
}
