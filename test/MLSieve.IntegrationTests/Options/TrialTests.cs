using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>A trial of a search: sampled options over fixed ones.</summary>
public sealed class TrialTests
{
    private const int Side = 8;

    public static TheoryData<Type> OptionTypes => SearchSpaceTests.OptionTypes;

    public static TheoryData<SelectionMetric> Metrics =>
        [.. Enum.GetValues<SelectionMetric>().Where(metric => metric != SelectionMetric.LastEpoch)];

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void A_trial_has_the_annotated_options_of_the_sample_and_all_others_of_the_fixed_options(Type options)
    {
        IReadOnlyList<AnnotatedSpace.Axis> axes = AnnotatedSpace.Axes(options);
        TrainerOptions given = Create(options);
        OptionsTests.Change(given);
        if (given is EarlyReadoutEstimator.Options readouts)
            readouts.Taps = [new() { Stage = 2, Depth = 3, Width = 5, ClassBalanced = true, Name = "R" }];
        TrainerOptions sample = Sample(options, seed: 4);
        IReadOnlyDictionary<string, string> before = OptionValues.Of(given), sampled = OptionValues.Of(sample);
        IReadOnlyDictionary<string, string> trial = OptionValues.Of(TrialOptions.Of(given, sample));

        Assert.Equal(before.Keys, trial.Keys);
        Assert.All(trial, option =>
        {
            bool isSampled = axes.Any(axis => axis.Path == option.Key);
            Assert.NotEqual(before[option.Key], sampled.GetValueOrDefault(option.Key)); // else this would be no test of it
            Assert.Equal((option.Key, isSampled ? sampled[option.Key] : before[option.Key]), (option.Key, option.Value));
        });
        Assert.Equal(before, OptionValues.Of(given)); // a trial leaves both as they are
        Assert.Equal(sampled, OptionValues.Of(sample));
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void A_trial_keeps_what_Json_cannot_hold(Type options)
    {
        TrainerOptions given = Create(options);
        using var source = new CancellationTokenSource();
        var ml = new MLContext(seed: 1);
        IDataView rows = BiasedRow.View(ml, 4);
        object[] references =
        [
            rows, source.Token, new Progress<TrainingProgress>(), ml.Transforms.DropColumns("Cue").Fit(rows),
            (Func<FeatureShape, int, StagedNetwork>)((_, _) => throw new NotSupportedException()),
            (Action<TrainingValidation>)(_ => { }),
        ];
        List<string> set = [];
        Visit(given, "", (owner, property, path) =>
        {
            property.SetValue(owner, references.Single(property.PropertyType.IsInstanceOfType));
            set.Add(path);
        });
        Assert.Contains("ValidationSet", set);

        TrainerOptions trial = TrialOptions.Of(given, Sample(options, seed: 4));
        Visit(trial, "", (owner, property, path) =>
            Assert.True(Equals(references.Single(property.PropertyType.IsInstanceOfType), property.GetValue(owner)), $"{path} is lost."));

        static void Visit(object owner, string prefix, Action<object, PropertyInfo, string> visit)
        {
            foreach (PropertyInfo property in owner.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                string path = prefix + property.Name;
                if (property.IsDefined(typeof(JsonIgnoreAttribute))) visit(owner, property, path);
                else if (OptionsTests.IsNested(property.PropertyType)) Visit(property.GetValue(owner)!, path + ".", visit);
            }
        }
    }

    [Fact]
    public void What_a_sample_leaves_open_stays_as_it_is_fixed()
    {
        var given = new DebiasedDistillationTrainer.Options { Beta = 2, Readout = { Depth = 1 } };
        DebiasedDistillationTrainer.Options trial = TrialOptions.Of(given, new DebiasedDistillationTrainer.Options());
        Assert.Equal((2.0, 1), (trial.Beta!.Value, trial.Readout.Depth!.Value));
    }

    [Fact]
    public void Plain_training_has_trials_among_the_trainers_as_among_the_transforms()
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = BiasedRow.View(ml, 60);
        var options = new EarlyReadoutEstimator.Options { Network = { HiddenUnits = [8] }, Epochs = 1 };
        var sampled = new EarlyReadoutEstimator.Options { Optimizer = { LearningRate = 0.03 }, Epochs = 7 };
        using EarlyReadoutTransformer trainer = ml.MulticlassClassification.Trainers.EarlyReadout(options, sampled).Fit(rows);
        using EarlyReadoutTransformer transform = ml.Transforms.EarlyReadout(options, sampled).Fit(rows);
        Assert.Equal(("0.03", "1"), (trainer.History.Settings["Optimizer.LearningRate"], trainer.History.Settings["Epochs"]));
        Assert.Equal(ModelBytes.Of(transform), ModelBytes.Of(trainer));
    }

    [Theory]
    [InlineData(NetworkKind.Mlp, "Vector", 2, 2)]
    [InlineData(NetworkKind.Mlp, "Vector", 3, 1)]
    [InlineData(NetworkKind.Automatic, "Vector", 4, 2)]
    [InlineData(NetworkKind.ConvNet, "Large", 3, 3)]
    [InlineData(NetworkKind.Automatic, "Large", 4, 1)]
    public void A_sampled_stage_that_the_network_does_not_have_is_brought_back_among_those_it_has(
        NetworkKind kind, string features, int stage, int expected)
    {
        // Two stages on vectors, three on images: what an automatic network is, the fit alone knows.
        var ml = new MLContext(seed: 1);
        IDataView rows = ContractRow.View(ml, ContractRow.Draw(24));
        rows = ml.Transforms.ResizeImages("Large", Side, Side, "Images").Fit(rows).Transform(rows);
        foreach (ContractTrainer trainer in new[] { ContractTrainer.Sieve, ContractTrainer.Distillation })
        {
            TrainerOptions given = trainer.Options(ContractInput.Vector), sampled = trainer.Options(ContractInput.Vector);
            (given.Network.Kind, given.Network.HiddenUnits, given.Network.Channels) = (kind, [6, 6], [4, 4, 4]);
            (given.FeatureColumnName, given.Epochs) = (features, 1);
            if (sampled is FeatureSieveTrainer.Options sieve) sieve.Readout.Stage = stage;
            if (sampled is DebiasedDistillationTrainer.Options distillation) distillation.Readout.Stage = stage;
            using EarlyReadoutTransformer model = given.Trial(ml, sampled).Fit(rows);
            Assert.Equal($"{expected}", model.History.Settings["Readout.Stage"]);
        }
    }

    [Fact]
    public void Each_training_of_a_search_has_a_checkpoint_folder_of_its_own()
    {
        string folder = Directory.CreateTempSubdirectory("mlsieve-trials-").FullName;
        try
        {
            var sampled = new FeatureSieveTrainer.Options { ForgetLearningRate = 0.1 };
            var other = new FeatureSieveTrainer.Options { ForgetLearningRate = 0.2 };
            string[] first = FoldersAfter(sampled, 1, 60);
            Assert.Single(first);
            Assert.Equal(first, FoldersAfter(sampled, 1, 60)); // the same training again
            Assert.Equal(2, FoldersAfter(other, 1, 60).Length);
            Assert.Equal(3, FoldersAfter(sampled, 2, 60).Length); // another seed, of the context
            Assert.Equal(4, FoldersAfter(sampled, 1, 70).Length); // other rows, as in cross-validation
            Assert.Equal(4, FoldersAfter(other, 1, 60).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string[] FoldersAfter(FeatureSieveTrainer.Options sampled, int seed, int rows)
        {
            var ml = new MLContext(seed);
            var given = new FeatureSieveTrainer.Options { CheckpointDirectory = folder, Epochs = 2 };
            ml.MulticlassClassification.Trainers.FeatureSieve(given, sampled).Fit(BiasedRow.View(ml, rows)).Dispose();
            Assert.Empty(Directory.EnumerateFiles(folder));
            return [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public void Checkpoints_by_steps_need_a_folder_as_in_any_training()
    {
        var given = new FeatureSieveTrainer.Options { CheckpointEverySteps = 5 };
        var sampled = new FeatureSieveTrainer.Options();
        Assert.EndsWith(
            "- CheckpointEverySteps is given, which needs CheckpointDirectory.",
            Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.FeatureSieve(given, sampled)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_trial_that_was_stopped_goes_on_in_the_next_search()
    {
        string folder = Directory.CreateTempSubdirectory("mlsieve-trials-").FullName;
        try
        {
            byte[] whole = ModelBytes.Of(Fit(null, new FeatureSieveTrainer.Options(), _ => { }));
            using var source = new CancellationTokenSource();
            var stop = new FeatureSieveTrainer.Options
            {
                CancellationToken = source.Token,
                Progress = new Immediate(progress => { if (progress.Epoch == 3) source.Cancel(); }),
            };
            Assert.ThrowsAny<OperationCanceledException>(() => Fit(folder, stop, _ => { }));

            List<string> messages = [];
            Assert.Equal(whole, ModelBytes.Of(Fit(folder, new FeatureSieveTrainer.Options(), messages.Add)));
            Assert.Contains(
                messages, message => message.StartsWith($"Going on from '{Path.Combine(folder, "trial-")}", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static EarlyReadoutTransformer Fit(string? folder, FeatureSieveTrainer.Options given, Action<string> log)
        {
            var ml = new MLContext(seed: 1);
            ml.Log += (_, message) => log(message.RawMessage);
            (given.Epochs, given.CheckpointDirectory) = (4, folder);
            var sampled = new FeatureSieveTrainer.Options { ForgetLearningRate = 0.05, Readout = { Stage = 3, Depth = 1 } };
            return ml.MulticlassClassification.Trainers.FeatureSieve(given, sampled).Fit(BiasedRow.View(ml, 300));
        }
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void A_trial_is_scored_by_the_figure_that_selects_its_epoch(SelectionMetric metric)
    {
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml, 200), validation = BiasedRow.View(ml, 150, seed: 2);
        var given = new FeatureSieveTrainer.Options
        {
            GroupColumnName = "Cue", ValidationSet = validation, Selection = metric, Epochs = 3, Network = { HiddenUnits = [16, 16] },
        };
        double best = 0;
        for (int trial = 0; trial < 2; trial++)
        {
            FeatureSieveTrainer.Options sampled = (FeatureSieveTrainer.Options)Sample(typeof(FeatureSieveTrainer.Options), seed: trial);
            using EarlyReadoutTransformer model = ml.MulticlassClassification.Trainers.FeatureSieve(given, sampled).Fit(train);
            double score = ml.MulticlassClassification.EvaluateByGroup(model.Transform(validation), "Cue").Score(metric);
            Assert.Equal(model.History.Selected!.ValidationScore!.Value, score, 9);
            best = Math.Max(best, score);
        }

        Assert.InRange(best, metric == SelectionMetric.WorstGroupAccuracy ? 0 : 0.05, 1);
    }

    private static TrainerOptions Create(Type options) => (TrainerOptions)Activator.CreateInstance(options)!;

    private static TrainerOptions Sample(Type options, int seed)
    {
        var random = new Random(seed);
        IReadOnlyList<AnnotatedSpace.Axis> axes = AnnotatedSpace.Axes(options);
        return (TrainerOptions)AnnotatedSpace.Sample(options, axes, [.. axes.Select(_ => random.NextDouble())]);
    }

    private sealed class Immediate(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
