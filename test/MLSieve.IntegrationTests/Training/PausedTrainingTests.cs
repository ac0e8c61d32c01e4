using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// A training that is paused at its validations, as a search does with those that others overtake, goes on as if it had not been.
/// </summary>
public sealed class PausedTrainingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("paused-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("sieve", 4)] // within epochs of seven steps, and at the end of the fourth
    [InlineData("distillation", 4)]
    [InlineData("sieve", null)]
    [InlineData("readouts afterwards", 5)]
    [InlineData("deep feature reweighting", 9)]
    public void Paused_at_every_validation_it_ends_as_one_that_is_not_and_tells_each_validation_once(string name, int? every)
    {
        List<TrainingValidation> expected = [], told = [];
        TrainerOptions uninterrupted = Options(expected.Add);
        using EarlyReadoutTransformer whole = TrainingCase.Fit(uninterrupted);
        EarlyReadoutTransformer? model = null;
        int parts = 0;
        while (model is null)
        {
            Assert.True(++parts <= expected.Count, "It does not get ahead.");
            using var pause = new CancellationTokenSource();
            int calls = 0;
            TrainerOptions options = Options(each =>
            {
                told.Add(each);
                calls++;
                if (each.Step < each.Steps) pause.Cancel();
            });
            (options.CheckpointDirectory, options.CancellationToken) = (_folder, pause.Token);
            try
            {
                model = TrainingCase.Fit(options);
            }
            catch (OperationCanceledException)
            {
                Assert.True(pause.IsCancellationRequested);
                // one a part: that of the pause
                Assert.Equal(Math.Min(parts, 2), Directory.EnumerateDirectories(_folder, "checkpoint-*").Count());
            }

            Assert.Equal(1, calls);
        }

        using (model)
        {
            Assert.Equal(expected.Count, parts);
            Assert.Equal(expected.Select(Text), told.Select(Text));
            ValidationTests.AssertEqual(whole.History.Points, model.History.Points);
            Assert.Equal(whole.History.Selected!.Step, model.History.Selected!.Step);
            Assert.Equal(ModelBytes.Of(whole), ModelBytes.Of(model));
        }

        TrainerOptions Options(Action<TrainingValidation> tell)
        {
            TrainerOptions options = StepsTests.InSteps(name, 30);
            (options.ValidateEverySteps, options.OnValidation) = (every, tell);
            return options;
        }
    }

    [Fact]
    public void A_training_that_patience_has_ended_returns_its_model_without_a_step_or_a_call()
    {
        byte[] expected = TrainingCase.FitToBytes(Options());
        TrainerOptions first = Options(), again = Options();
        first.CheckpointDirectory = again.CheckpointDirectory = _folder;
        Assert.Equal(expected, TrainingCase.FitToBytes(first));
        again.OnValidation = _ => Assert.Fail("It was told of before.");
        using EarlyReadoutTransformer model = TrainingCase.Fit(again);
        Assert.Equal(expected, ModelBytes.Of(model));
        Assert.InRange(model.History.Points[^1].Step, 4, 78);

        static TrainerOptions Options()
        {
            TrainerOptions options = StepsTests.InSteps("sieve", 80);
            (options.ValidateEverySteps, options.Patience, options.Optimizer.LearningRate) = (2, 2, 0.3);
            return options;
        }
    }

    [Fact]
    public void One_that_goes_on_at_a_validation_tells_no_speed_and_no_time_before_its_first_step()
    {
        using var pause = new CancellationTokenSource();
        List<TrainingProgress> told = [];
        TrainerOptions begun = Options(each =>
        {
            if (each.Step == each.StepsPerEpoch) pause.Cancel(); // it is about to validate
        });
        begun.CancellationToken = pause.Token;
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(begun));
        TrainingCase.Fit(Options(told.Add)).Dispose();

        TrainingProgress first = told[0];
        Assert.Equal((1, 7, 7), (first.Epoch, first.Step, first.StepsPerEpoch));
        Assert.Equal((0.0, (TimeSpan?)null), (first.RowsPerSecond, first.TimeLeft));
        Assert.NotEmpty(told.Skip(1));
        Assert.All(told.Skip(1), each => Assert.InRange(each.RowsPerSecond, 1, 1e8));
        Assert.All(told.Skip(1), each => Assert.NotNull(each.TimeLeft));

        TrainerOptions Options(Action<TrainingProgress> tell)
        {
            TrainerOptions options = TrainingCase.Options("group DRO");
            (options.CheckpointDirectory, options.Progress) = (_folder, new Told(tell));
            return options;
        }
    }

    [Fact]
    public void An_exception_of_the_callback_leaves_the_checkpoint_before_it_and_the_validation_is_told_of_again()
    {
        byte[] expected = TrainingCase.FitToBytes(StepsTests.InSteps("sieve", 20));
        List<long> told = [];
        Assert.Throws<FormatException>(() => TrainingCase.Fit(Options(throwAt: 14)));
        Assert.Equal(expected, TrainingCase.FitToBytes(Options(throwAt: 0)));
        Assert.Equal([7, 14, 14, 20], told);

        TrainerOptions Options(long throwAt)
        {
            TrainerOptions options = StepsTests.InSteps("sieve", 20);
            options.CheckpointDirectory = _folder;
            options.OnValidation = each =>
            {
                told.Add(each.Step);
                if (each.Step == throwAt) throw new FormatException();
            };
            return options;
        }
    }

    [Fact]
    public void Another_budget_or_another_pace_of_validation_is_another_training()
    {
        TrainerOptions first = StepsTests.InSteps("sieve", 8), other = StepsTests.InSteps("sieve", 9);
        first.CheckpointDirectory = other.CheckpointDirectory = _folder;
        TrainingCase.FitToBytes(first);
        (other.ValidateEverySteps, other.Patience) = (4, 2);
        Assert.Equal(
            ["Patience was null and is 2", "Steps was 8 and is 9", "ValidateEverySteps was null and is 4"],
            Assert.Throws<CheckpointMismatchException>(() => TrainingCase.Fit(other)).Differences);
    }

    private sealed class Told(Action<TrainingProgress> tell) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => tell(value);
    }

    private static string Text(TrainingValidation told) => FormattableString.Invariant(
        $"{told.Step}/{told.Steps} {told.Score:R} {told.IsBest} {string.Join(' ', told.Losses)} {string.Join(' ', told.Groups)}");
}
