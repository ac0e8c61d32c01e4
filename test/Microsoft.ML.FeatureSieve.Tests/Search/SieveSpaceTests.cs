using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

public sealed class SieveSpaceTests
{
    private static readonly SearchedNetwork ThreeStages = new("ConvNet", ["one", "two", "three"], [1, 2, 3], 0.05, UsesSgd: true);

    [Fact]
    public void Trials_are_within_the_space_on_stages_that_there_are_and_every_stage_is_tried()
    {
        IReadOnlyList<PlannedTrial> trials = SearchPlan.Draw(SieveSpace.Default, ThreeStages, 24, SeedSequence.Of(1));
        Assert.Equal(25, trials.Count);
        Assert.Equal((true, "0"), (trials[0].IsPlain, trials[0].Settings["ForgetEvery"]));
        var trainer = new FeatureSieveTrainer.Options();
        FeatureSieveTrainer.Options[] drawn = [.. trials.Skip(1).Select(trial => TrialSettings.Apply(trainer, trial.Settings))];
        Assert.All(drawn.GroupBy(options => options.Readout.Stage), stage => Assert.Equal(8, stage.Count()));
        Assert.All(drawn.GroupBy(options => options.Readout.Depth), depth => Assert.Equal(8, depth.Count()));
        Assert.Equal([1, 2, 5, 15], drawn.Select(options => options.ForgetEvery).Distinct().Order());
        Assert.All(drawn, options => Assert.InRange(options.ForgetLearningRate!.Value, 0.3 * 0.05 * 0.99, 30 * 0.05 * 1.01));
        Assert.All(drawn, options => Assert.InRange(options.ReadoutLearningRate!.Value, 0.1 * 0.05 * 0.99, 10 * 0.05 * 1.01));
        Assert.All(drawn, options => Assert.Null(options.Optimizer.LearningRate)); // the trainer's own
    }

    [Fact]
    public void The_released_search_is_that_of_the_released_code()
    {
        SieveSpace released = SieveSpace.Released;
        Assert.Equal([1, 2, 3, 4, 5, 6], released.Depths);
        Assert.Equal(new LogRange(1e-4, 1e-1), released.LearningRate);
        Assert.Equal(new LogRange(1e-6, 1e-3), released.WeightDecay);
        Assert.Equal(
            (new LogRange(0.1, 100), new LogRange(0.1, 100)), (released.ForgetRateMultiple, released.ReadoutRateMultiple)); // of 1e-3
        IReadOnlyList<PlannedTrial> trials = SearchPlan.Draw(released, ThreeStages, 10, SeedSequence.Of(1));
        Assert.All(trials.Where(trial => !trial.IsPlain), trial => Assert.Equal("256", trial.Settings["Readout.Width"]));
        // plain training's rates are searched too
        Assert.Equal([0, 5, 10], trials.Where(trial => trial.IsPlain).Select(trial => trial.Number));
    }

    [Fact]
    public void A_rate_is_a_multiple_of_the_main_rate_that_the_trial_draws()
    {
        ITrialSpace space = new SieveSpace
        {
            LearningRate = new(1e-3, 1e-1),
            ForgetRateMultiple = LogRange.Fixed(10),
            ReadoutRateMultiple = LogRange.Fixed(0.2),
        };
        foreach (PlannedTrial trial in SearchPlan.Draw(space, ThreeStages, 8, SeedSequence.Of(1)).Where(trial => !trial.IsPlain))
        {
            FeatureSieveTrainer.Options options = TrialSettings.Apply(new FeatureSieveTrainer.Options(), trial.Settings);
            Assert.Equal(
                10 * options.Optimizer.LearningRate!.Value, options.ForgetLearningRate!.Value, 0.01 * options.ForgetLearningRate.Value);
            Assert.Equal(
                0.2 * options.Optimizer.LearningRate.Value, options.ReadoutLearningRate!.Value, 0.001 * options.ForgetLearningRate.Value);
        }
    }

    [Fact]
    public void A_linear_readout_has_no_width()
    {
        ITrialSpace space = new SieveSpace
        {
            Depths = [0], Widths = [16, 32], ForgetEvery = [5], ForgetRateMultiple = LogRange.Fixed(1),
            ReadoutRateMultiple = LogRange.Fixed(1),
        };
        IReadOnlyList<PlannedTrial> trials = SearchPlan.Draw(space, ThreeStages, 40, SeedSequence.Of(1));
        Assert.Equal(4, trials.Count); // plain training, and each stage once
        Assert.All(trials, trial => Assert.DoesNotContain("Readout.Width", trial.Settings.Keys));
    }

    [Fact]
    public void A_space_on_which_nothing_can_run_says_what_the_network_has()
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = PlaceRow.View(ml, 60, 1);
        var search = ml.MulticlassClassification.SearchFeatureSieve(new SieveSearchOptions
        {
            Trainer = { Network = { HiddenUnits = [8, 8] }, Steps = 9 },
            Space = new() { Stages = [3, 4] },
        });
        Assert.Equal(
            "Nothing of the space can run: Space.Stages is 3, 4, and a readout of Mlp can read the stages 1 (stage1), 2 (stage2).",
            Assert.Throws<ArgumentException>(() => search.Run(rows, rows)).Message);
    }

    [Fact]
    public void Known_settings_are_tried_after_plain_training_and_before_those_that_are_drawn()
    {
        FeatureSieveTrainer.Options[] known =
        [
            new() { Readout = { Stage = 3, Depth = 1, Width = 7 }, ForgetEvery = 50, ForgetLearningRate = 0.9, ReadoutWeightDecay = 0.5 },
            new() { Readout = { Stage = 2, Depth = 0, Width = 7 }, ForgetEvery = 1 },
            new() { Readout = { Stage = 2, Depth = 0, Width = 8 }, ForgetEvery = 1 }, // the same: there is nothing of that width
            new() { Readout = { Stage = 2 }, ForgetEvery = 0 }, // plain training, which is tried already
        ];
        var space = new SieveSpace { Stages = [1], Widths = [4] };
        IReadOnlyList<PlannedTrial> trials = SearchPlan.Draw(space, ThreeStages, 8, SeedSequence.Of(1), known);
        Assert.Equal(
            ["", "1", "2"], trials.Where(trial => trial.IsKnown || trial.IsPlain).Select(trial => trial.IsPlain ? "" : $"{trial.Number}"));
        Assert.Equal(
            """{"Readout.Stage":3,"Readout.Depth":1,"Readout.Width":7,"ForgetEvery":50,"ForgetLearningRate":0.9}""",
            TrialSettings.ToJson(trials[1].Settings));
        Assert.Equal("""{"Readout.Stage":2,"Readout.Depth":0,"ForgetEvery":1}""", TrialSettings.ToJson(trials[2].Settings));
        IReadOnlyList<PlannedTrial> drawn = SearchPlan.Draw(space, ThreeStages, 8, SeedSequence.Of(1));
        Assert.Equal(
            drawn.Skip(1).Select(trial => TrialSettings.ToJson(trial.Settings)),
            trials.Skip(3).Select(trial => TrialSettings.ToJson(trial.Settings)));

        var fault = Assert.Throws<ArgumentException>(() =>
            SearchPlan.Draw(
                space, ThreeStages, 8, SeedSequence.Of(1), [.. known, new FeatureSieveTrainer.Options { Readout = { Stage = 4 } }]));
        Assert.StartsWith("KnownSettings[4] cannot run: its Readout.Stage is 4, and a readout of ", fault.Message);
    }

    [Fact]
    public void All_faults_are_reported_in_one_exception()
    {
        using var stop = new CancellationTokenSource();
        var options = new SieveSearchOptions
        {
            Trainer =
            {
                BatchSize = 0, ValidationFraction = 0.1, Seed = 1, CheckpointDirectory = "there", Patience = 3,
                CancellationToken = stop.Token,
                OnValidation = _ => { }, Progress = new Progress<TrainingProgress>(), GroupColumnName = "Place",
            },
            Space = new() { Stages = [0], Depths = [], ForgetEvery = [0], ForgetRateMultiple = new(0, 1), ReadoutRateMultiple = new(2, 1) },
            Trials = 0,
            KnownSettings = [new() { ForgetLearningRate = -1 }],
            SeedsPerTrial = 0,
            ConfirmationSeeds = 1,
            Selection = SelectionMetric.LastEpoch,
            GroupColumnName = "Water",
            Halving = new() { Factor = 1, FirstSteps = 0 },
            Name = "../search",
            Workers = 0,
            CheckpointDirectory = " ",
            Lease = TimeSpan.Zero,
        };
        var error = Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.SearchFeatureSieve(options));
        Assert.Equal(
            """
            SieveSearchOptions has 25 faults:
            - Trials is 0; it must be at least 1.
            - SeedsPerTrial is 0; it must be at least 1.
            - ConfirmationSeeds is 1; it must be 0 or at least 2.
            - Selection is LastEpoch, which is no figure to compare trials by.
            - Halving.Factor is 1; it must be at least 2.
            - Halving.FirstSteps is 0; it must be at least 1.
            - Name is '../search'; it must be letters, digits, '-', '_' and '.', a letter or digit first.
            - Workers is 0; it must be at least 1.
            - CheckpointDirectory is empty; it must name a folder, or be null.
            - Lease is 00:00:00; it must be from one second to 30 days.
            - Space.Stages is 0; it must be at least 1.
            - Space.Depths is empty; give at least one value.
            - Space.ForgetEvery is 0; it must be at least 1.
            - Space.ForgetRateMultiple.From is 0; it must be greater than 0.
            - Space.ReadoutRateMultiple.To is 1; it must be at least 2.
            - Trainer.ValidationFraction is given, and is the search's own; give the rows to Run.
            - Trainer.Seed is given, and is the search's own; set the search's Seed.
            - Trainer.CheckpointDirectory is given, and is the search's own; set the search's CheckpointDirectory.
            - Trainer.CancellationToken is given, and is the search's own; set the search's CancellationToken.
            - Trainer.Patience is given, and is the search's own; Halving stops what is not worth going on with.
            - Trainer.OnValidation is given, and is the search's own; the result has the curves.
            - Trainer.Progress is given, and is the search's own; set the search's Progress.
            - GroupColumnName is 'Water' and Trainer.GroupColumnName is 'Place'; give one.
            - Trainer: BatchSize is 0; it must be at least 1.
            - KnownSettings[0]: ForgetLearningRate is -1; it must be greater than 0.
            """,
            error.Message,
            ignoreLineEndingDifferences: true);
    }
}
