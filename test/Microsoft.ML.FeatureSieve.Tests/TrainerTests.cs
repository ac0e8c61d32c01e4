using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

public sealed class TrainerTests
{
    [Fact]
    public void A_fitted_trainer_classifies_and_its_scores_sum_to_one()
    {
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml), test = BiasedRow.View(ml, seed: 2);
        using EarlyReadoutTransformer model = ml.MulticlassClassification.Trainers.FeatureSieve(Options()).Fit(train);
        IDataView scored = model.Transform(test);
        Assert.True(ml.MulticlassClassification.Evaluate(scored).MicroAccuracy > 0.9);
        foreach (float[] score in scored.GetColumn<float[]>("Score")) Assert.Equal(1, score.Sum(), 4);
    }

    [Theory]
    [InlineData(nameof(BiasedRow.Class))]
    [InlineData(nameof(BiasedRow.Number))]
    public void The_schema_that_is_promised_is_delivered(string label)
    {
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml, label: label);
        var trainer = ml.MulticlassClassification.Trainers.FeatureSieve(Options(epochs: 1));
        SchemaShape promised = trainer.GetOutputSchema(ShapeOf(train.Schema));
        using EarlyReadoutTransformer model = trainer.Fit(train);
        SchemaShape delivered = ShapeOf(model.Transform(train).Schema);
        foreach (SchemaShape.Column column in delivered)
        {
            SchemaShape.Column named = promised.Single(other => other.Name == column.Name);
            Assert.Equal((column.Kind, column.ItemType, column.IsKey), (named.Kind, named.ItemType, named.IsKey));
        }
    }

    [Fact]
    public void It_works_in_a_pipeline_with_cross_validation_importance_and_a_prediction_engine()
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = ml.Data.LoadFromEnumerable(BiasedRow.Draw(400));
        var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", nameof(BiasedRow.Class))
            .Append(ml.Transforms.NormalizeMeanVariance("Features"))
            .Append(ml.MulticlassClassification.Trainers.FeatureSieve(Options()));
        foreach (var fold in ml.MulticlassClassification.CrossValidate(rows, pipeline, 2)) Assert.True(fold.Metrics.MicroAccuracy > 0.8);

        var model = pipeline.Fit(rows);
        var importance = ml.MulticlassClassification.PermutationFeatureImportance(
            model.LastTransformer, model.Transform(rows), permutationCount: 2);
        Assert.Equal(4, importance.Length);

        using PredictionEngine<BiasedRow, Answer> engine = ml.Model.CreatePredictionEngine<BiasedRow, Answer>(model);
        float[][] batch = [.. model.Transform(rows).GetColumn<float[]>("Score")];
        BiasedRow[] examples = BiasedRow.Draw(400);
        for (int i = 0; i < 20; i++)
            Assert.All(engine.Predict(examples[i]).Score.Zip(batch[i]), pair => Assert.Equal(pair.First, pair.Second, 5));
    }

    [Fact]
    public void Fitting_twice_gives_the_same_model_and_another_seed_another()
    {
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml);
        var trainer = ml.MulticlassClassification.Trainers.FeatureSieve(Options(epochs: 2));
        float[] first = Scores(trainer.Fit(train), train), second = Scores(trainer.Fit(train), train);
        Assert.Equal(first, second);

        FeatureSieveTrainer.Options other = Options(epochs: 2);
        other.Seed = 77;
        Assert.NotEqual(first, Scores(ml.MulticlassClassification.Trainers.FeatureSieve(other).Fit(train), train));
        var context = new MLContext(seed: 77);
        Assert.Equal(
            Scores(ml.MulticlassClassification.Trainers.FeatureSieve(other).Fit(train), train),
            Scores(context.MulticlassClassification.Trainers.FeatureSieve(Options(epochs: 2)).Fit(train), train));
    }

    [Fact]
    public void Without_forgetting_it_is_plain_training_to_the_bit()
    {
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml);
        FeatureSieveTrainer.Options sieve = Options(epochs: 3);
        sieve.ForgetEvery = 0;
        var plain = new EarlyReadoutEstimator.Options
        {
            Network = sieve.Network,
            BatchSize = sieve.BatchSize,
            Epochs = sieve.Epochs,
            Optimizer = sieve.Optimizer,
            Taps = [],
        };
        Assert.Equal(
            Scores(ml.Transforms.EarlyReadout(plain).Fit(train), train),
            Scores(ml.MulticlassClassification.Trainers.FeatureSieve(sieve).Fit(train), train));
    }

    [Theory]
    [InlineData(SelectionMetric.AverageAccuracy)]
    [InlineData(SelectionMetric.WorstGroupAccuracy)]
    [InlineData(SelectionMetric.UnbiasedAccuracy)]
    [InlineData(SelectionMetric.ClassBalancedAccuracy)]
    public void The_log_tells_losses_bound_and_the_selected_epoch(SelectionMetric selection)
    {
        var ml = new MLContext(seed: 1);
        var messages = new ConcurrentQueue<string>();
        ml.Log += (_, message) => messages.Enqueue(message.Message);
        FeatureSieveTrainer.Options options = Options(epochs: 3);
        (options.GroupColumnName, options.Selection, options.ValidationFraction) = (nameof(BiasedRow.Cue), selection, 0.25);
        ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(BiasedRow.View(ml)).Dispose();
        string[] epochs = [.. messages.Where(message => message.Contains("main loss", StringComparison.Ordinal))];
        Assert.Equal(3, epochs.Length);
        Assert.All(
            epochs,
            epoch => Assert.Matches(
                @"Epoch \d/3 in .* s: main loss .*, readout loss .*, readout accuracy .*, forgetting loss .* → .*, "
                    + @"bound log C 1\.3863; validation \w+ [01]\.\d{4}",
                epoch));
    }

    [Fact]
    public void Groups_of_validation_rows_choose_where_the_training_rows_have_none()
    {
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml), held = BiasedRow.View(ml, count: 200, seed: 2);
        IDataView bare = ml.Transforms.DropColumns("Cue").Fit(train).Transform(train);
        FeatureSieveTrainer.Options options = Options(epochs: 4);
        (options.GroupColumnName, options.Selection, options.ValidationSet) = ("Cue", SelectionMetric.UnbiasedAccuracy, held);
        FeatureSieveTrainer trainer = ml.MulticlassClassification.Trainers.FeatureSieve(options);
        Assert.Contains(trainer.GetOutputSchema(ShapeOf(bare.Schema)), column => column.Name == "Score");
        using EarlyReadoutTransformer all = trainer.Fit(train), some = trainer.Fit(bare);
        Assert.Equal(
            BiasedRow.Draw(200, seed: 2).Select(row => $"{row.Class}, {row.Cue}").Distinct().Order(StringComparer.Ordinal),
            some.History.Selected!.Groups.Select(group => group.Name));
        Assert.Equal(
            all.History.Points.Select(point => (point.Step, point.ValidationScore)),
            some.History.Points.Select(point => (point.Step, point.ValidationScore)));
        Assert.Equal(all.History.Selected!.Step, some.History.Selected.Step);
        Assert.Equal(all.Training!.DataFingerprint.Keys.Except(["groups"]).Order(), some.Training!.DataFingerprint.Keys.Order());
        Assert.Equal(all.Training.ValidationFingerprint["groups"], some.Training.ValidationFingerprint["groups"]);
    }

    [Fact]
    public void Groups_that_no_other_rows_have_are_asked_for_in_the_training_rows()
    {
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml), bare = ml.Transforms.DropColumns("Cue").Fit(train).Transform(train);
        FeatureSieveTrainer.Options options = Options(epochs: 1);
        options.GroupColumnName = "Cue";
        const string missing = "The group column 'Cue' is not in the data, which has ";
        string plain = Fault();
        Assert.StartsWith(missing, plain, StringComparison.Ordinal);
        Assert.EndsWith("'Label'.", plain, StringComparison.Ordinal);
        (options.Selection, options.ValidationFraction) = (SelectionMetric.WorstGroupAccuracy, 0.25);
        string chosen = Fault();
        Assert.StartsWith(missing, chosen, StringComparison.Ordinal);
        Assert.EndsWith(
            ". Selection is WorstGroupAccuracy, and ValidationFraction takes the validation rows out of these. Add the column, or give a "
                + "ValidationSet that has it.", chosen, StringComparison.Ordinal);

        string Fault() => Assert.Throws<ArgumentOutOfRangeException>(
            () => ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(bare)).Message;
    }

    [Fact]
    public void A_joint_update_says_what_is_left_to_forget_and_its_history_that_it_was_one()
    {
        var ml = new MLContext(seed: 1);
        var messages = new ConcurrentQueue<string>();
        ml.Log += (_, message) => messages.Enqueue(message.Message);
        FeatureSieveTrainer.Options options = Options(epochs: 2);
        options.Update = SieveUpdate.Joint;
        using EarlyReadoutTransformer model = ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(BiasedRow.View(ml));
        string[] epochs = [.. messages.Where(message => message.Contains("main loss", StringComparison.Ordinal))];
        Assert.Equal(2, epochs.Length);
        Assert.All(
            epochs,
            epoch => Assert.Matches(
                @"main loss \S+, readout loss \S+, readout accuracy \S+, forgetting loss \d\.\d{4}, bound log C 1\.3863", epoch));
        Assert.Equal(["forget", "main", "readout", "readout accuracy"], model.History.Points[^1].Losses.Keys.Order());
        Assert.Equal("\"Joint\"", model.History.Settings["Update"]);
    }

    [Fact]
    public void Progress_arrives_in_order_and_ends_at_the_end()
    {
        var ml = new MLContext(seed: 1);
        var reports = new Collector();
        FeatureSieveTrainer.Options options = Options(epochs: 3);
        options.Progress = reports;
        ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(BiasedRow.View(ml)).Dispose();
        TrainingProgress last = reports.Seen[^1];
        Assert.Equal((3, 3, 25, 25, TimeSpan.Zero), (last.Epoch, last.Epochs, last.Step, last.StepsPerEpoch, last.TimeLeft));
        Assert.True(last.RowsPerSecond > 0);
        Assert.Equal(["forget", "forgotten", "main", "readout", "readout accuracy"], last.Losses.Keys.Order());
        Assert.Equal(reports.Seen.OrderBy(report => (report.Epoch, report.Step)), reports.Seen);
    }

    [Fact]
    public void Cancelling_in_the_middle_of_an_epoch_stops_within_a_step_and_leaves_nothing()
    {
        var ml = new MLContext(seed: 1);
        using var stop = new CancellationTokenSource();
        FeatureSieveTrainer.Options options = Options(epochs: 100000);
        options.Progress = new Collector(_ => stop.Cancel());
        options.CancellationToken = stop.Token;
        IDataView train = BiasedRow.View(ml);
        NativeBackend.EnsureLoaded();
        using (NativeLeakCheck.Start())
            Assert.ThrowsAny<OperationCanceledException>(() => ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(train));
    }

    [Fact]
    public void A_divergence_is_an_exception_that_says_what_to_try()
    {
        var ml = new MLContext(seed: 1);
        FeatureSieveTrainer.Options options = Options();
        options.Optimizer.LearningRate = 1e20;
        var error = Assert.Throws<TrainingDivergedException>(
            () => ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(BiasedRow.View(ml)));
        Assert.Equal(1, error.Epoch);
        Assert.Contains("smaller learning rate", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW, Precision.Float32, ScheduleKind.Cosine)]
    [InlineData(OptimizerKind.Sgd, Precision.BFloat16, ScheduleKind.Step)]
    public void Every_way_of_optimising_learns(OptimizerKind optimizer, Precision precision, ScheduleKind schedule)
    {
        var ml = new MLContext(seed: 1);
        FeatureSieveTrainer.Options options = Options();
        (options.Optimizer.Kind, options.Precision, options.Schedule.Kind, options.Schedule.WarmUpSteps,
        options.Optimizer.ClipNorm) = (optimizer, precision, schedule, 5, 1);
        if (optimizer == OptimizerKind.AdamW) options.Optimizer.LearningRate = 0.01;
        IDataView train = BiasedRow.View(ml);
        using EarlyReadoutTransformer model = ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(train);
        Assert.True(ml.MulticlassClassification.Evaluate(model.Transform(train)).MicroAccuracy > 0.9);
    }

    [Fact]
    public void Rows_above_the_memory_budget_train_to_the_same_model()
    {
        var ml = new MLContext(seed: 1);
        IDataView wide = ml.Data.LoadFromEnumerable(BiasedRow.Draw(3000)
            .Select(row => new Wide { Features = [.. Enumerable.Range(0, 120).Select(i => row.Features[i % 4])], Class = row.Class }));
        IDataView train = ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(wide).Transform(wide); // 1.4 MB
        FeatureSieveTrainer.Options options = Options(epochs: 1);
        float[] inMemory = Scores(ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(train), train);
        options.MemoryBudgetMebibytes = 1;
        var messages = new ConcurrentQueue<string>();
        ml.Log += (_, message) => messages.Enqueue(message.Message);
        Assert.Equal(inMemory, Scores(ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(train), train));
        Assert.Contains(messages, message => message.Contains("temporary", StringComparison.OrdinalIgnoreCase));
    }

    internal static FeatureSieveTrainer.Options Options(int epochs = 12) => new()
    {
        Network = { HiddenUnits = [32, 32] },
        Readout = { Stage = 1, Depth = 1, Width = 16 },
        Optimizer = { LearningRate = 0.05 },
        BatchSize = 16,
        Epochs = epochs,
    };

    // ML.NET's own way from a schema to its shape, which it keeps internal.
    private static SchemaShape ShapeOf(DataViewSchema schema) =>
        (SchemaShape)typeof(SchemaShape).GetMethod("Create", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, [schema])!;

    private static float[] Scores(EarlyReadoutTransformer model, IDataView rows)
    {
        using (model) return [.. model.Transform(rows).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    private sealed class Answer
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class Wide
    {
        [VectorType(120)]
        public float[] Features { get; set; } = [];

        public string Class { get; set; } = "";
    }

    private sealed class Collector(Action<TrainingProgress>? then = null) : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Seen { get; } = [];

        public void Report(TrainingProgress value)
        {
            Seen.Add(value);
            then?.Invoke(value);
        }
    }
}
