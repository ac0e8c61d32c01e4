using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What ranks that do not agree, or lose one of them, say and leave behind.</summary>
public sealed class RankFailureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ranks-").FullName;

    public RankFailureTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");

    private string Checkpoints => Path.Combine(_folder, "checkpoints");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_training_that_loses_a_rank_fails_by_name_and_ends_after_a_restart_bitwise_as_one_that_does_not()
    {
        using (RankProcesses whole = Start(nameof(Child.Trains), null)) await whole.RequirePassed();
        byte[] expected = await ModelOf(0);
        Assert.Equal(expected, await ModelOf(1));

        using (RankProcesses killed = Start(nameof(Child.Loses_a_rank), Checkpoints))
        {
            while (!killed[0].HasExited && !HasCheckpoint(from: 4)) await Task.Delay(5, TestContext.Current.CancellationToken);
            if (killed[0].HasExited) Assert.Fail($"Rank 0 ended before rank 1 could be killed: {await killed.OutputOf(0)}");
            await Task.Delay(Random.Shared.Next(200), TestContext.Current.CancellationToken);
            killed[1].Kill();
            await killed.RequirePassed(0);
        }

        using (RankProcesses again = Start(nameof(Child.Trains), Checkpoints)) await again.RequirePassed();
        Assert.Equal(expected, await ModelOf(0));
        Assert.Equal(expected, await ModelOf(1));
    }

    [Theory]
    [InlineData(nameof(Child.Differs))]
    [InlineData(nameof(Child.Differs_in_its_rows))]
    [InlineData(nameof(Child.Differs_in_whether_it_has_rows_for_a_head))]
    public async Task Ranks_of_other_options_or_data_all_stop_with_the_difference(string test)
    {
        using RankProcesses ranks = Start(test, null);
        await ranks.RequirePassed();
    }

    // one that is looked for by its number may be gone before the next look: only the last ones are kept
    private bool HasCheckpoint(int from) => Directory.Exists(Checkpoints)
        && Directory.EnumerateDirectories(Checkpoints, "checkpoint-*").Any(
            path => int.TryParse(path.Split('-')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= from);

    private RankProcesses Start(string test, string? checkpoints) =>
        RankProcesses.Start<Child>(test, 2, (Child.Folder, _folder), (Child.Checkpoints, checkpoints));

    private Task<byte[]> ModelOf(int rank) =>
        File.ReadAllBytesAsync(Path.Combine(_folder, $"{rank}.onnx"), TestContext.Current.CancellationToken);

    /// <summary>What the ranks run.</summary>
    public sealed class Child
    {
        internal const string Folder = "MLSIEVE_TEST_FOLDER", Checkpoints = "MLSIEVE_TEST_CHECKPOINTS";

        private static string Rank => Environment.GetEnvironmentVariable("RANK")!;

        [Fact(Explicit = true)]
        public void Trains() => File.WriteAllBytes(
            Path.Combine(Environment.GetEnvironmentVariable(Folder)!, $"{Rank}.onnx"), TrainingCase.FitToBytes(Options(epochs: 3)));

        [Fact(Explicit = true)]
        public void Loses_a_rank()
        {
            TrainerOptions options = Options(epochs: 3);
            options.Progress = new Slow(); // so that the other is lost before the end
            options.OnValidation = _ => Thread.Sleep(300);
            var fault = Assert.Throws<DistributedTrainingException>(() => TrainingCase.FitToBytes(options));
            Assert.StartsWith("Rank 0 of 2 has lost another one", fault.Message, StringComparison.Ordinal);
        }

        [Fact(Explicit = true)]
        public void Differs()
        {
            TrainerOptions options = Options(epochs: Rank == "0" ? 3 : 4);
            var fault = Assert.Throws<DistributedTrainingException>(() => TrainingCase.FitToBytes(options));
            Assert.Equal(
                "The 2 ranks would not train the same: Epochs is 3 in rank 0 and 4 in rank 1. Start all of them with the same program, "
                    + "options and data.",
                fault.Message);
        }

        [Fact(Explicit = true)]
        public void Differs_in_its_rows()
        {
            BiasedRow[] rows = BiasedRow.Draw(260);
            if (Rank == "1") rows[7].Features[0] += 1;
            var ml = new MLContext(seed: 1);
            var fault = Assert.Throws<DistributedTrainingException>(() => Options(epochs: 3).Estimator(ml).Fit(BiasedRow.View(ml, rows)));
            Assert.Matches("^The 2 ranks would not train the same: the (training|validation) data's features is ", fault.Message);
            Assert.EndsWith(
                "in rank 1. Start all of them with the same program, options and data.", fault.Message, StringComparison.Ordinal);
        }

        [Fact(Explicit = true)]
        public void Differs_in_whether_it_has_rows_for_a_head()
        {
            var ml = new MLContext(seed: 1);
            var options = (EarlyReadoutEstimator.Options)TrainingCase.Options("deep feature reweighting");
            IDataView rows = TrainingCase.Rows(ml);
            options.Objective.DeepFeatureReweighting.ReweightingSet = Rank == "0" ? rows : null;
            var fault = Assert.Throws<DistributedTrainingException>(() => options.Estimator(ml).Fit(rows));
            Assert.Equal(
                "The 2 ranks would not train the same: Objective.DeepFeatureReweighting.ReweightingSet is given in rank 0 and not given "
                    + "in rank 1. Start all of them with the same program, options and data.",
                fault.Message);
        }

        private static TrainerOptions Options(int epochs)
        {
            TrainerOptions options = TrainingCase.Options("sieve");
            options.Epochs = epochs;
            if (Environment.GetEnvironmentVariable(Checkpoints) is { } folder)
                (options.CheckpointDirectory, options.CheckpointEverySteps) = (folder, 1);
            return options;
        }

        private sealed class Slow : IProgress<TrainingProgress>
        {
            public void Report(TrainingProgress value) => Thread.Sleep(100);
        }
    }
}
