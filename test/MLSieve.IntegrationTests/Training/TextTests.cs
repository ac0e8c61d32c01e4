using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;
using static MLSieve.Tests.MoodTexts;

namespace MLSieve.Tests;

/// <summary>Texts from a raw column to scores, by every trainer.</summary>
public sealed class TextTests : IDisposable
{
    private readonly MoodTexts _texts = new();

    [Fact]
    public void A_text_column_trains_and_scores_better_than_chance_by_group()
    {
        IDataView data = _texts.View(Draw(240, seed: 1)), fresh = _texts.View(Draw(120, seed: 2));
        using EarlyReadoutTransformer model = _texts.Readouts().Fit(data);
        Assert.Contains(_texts.Log, line => line.Contains("No vocabulary is given", StringComparison.Ordinal));
        Assert.Contains(_texts.Log, line => line.Contains("is trained from nothing", StringComparison.Ordinal));
        Assert.True(_texts.Ml.MulticlassClassification.Evaluate(model.Transform(fresh)).MicroAccuracy > 0.8);
        Assert.Equal(["Readout1"], model.ReadoutNames);
        Assert.Equal(120, model.Transform(fresh).GetColumn<float[]>("Readout1.Score").Count());
    }

    [Fact]
    public void With_nothing_but_the_column_named_texts_are_learnt()
    {
        IDataView data = _texts.View(Draw(320, seed: 1)), fresh = _texts.View(Draw(200, seed: 2));
        using EarlyReadoutTransformer model = _texts.Ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options { TextColumnName = "Text" }).Fit(data);
        Assert.Equal("\"AdamW\"", model.History.Settings["Optimizer.Kind"]);
        Assert.True(_texts.Ml.MulticlassClassification.Evaluate(model.Transform(fresh)).MicroAccuracy > 0.98);
    }

    [Fact]
    public void Texts_of_mixed_length_are_scored_in_their_order_as_each_is_alone()
    {
        Row[] rows = Draw(150, seed: 1);
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 2).Fit(_texts.View(rows));
        float[][] together = Scores(model, _texts.View(rows));
        Assert.True(together.Select(row => row[0]).Distinct().Count() > 100, "The rows are no test: their scores are alike.");
        foreach ((Row row, float[] expected) in rows.Zip(together))
            Assert.All(Scores(model, _texts.View([row, rows[0], rows[1]]))[0].Zip(expected),
                pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
    }

    [Fact]
    public void A_word_that_misleads_a_readout_is_told_of_the_clusters_of_its_errors()
    {
        using EarlyReadoutTransformer model = _texts.Readouts().Fit(_texts.View(Hinting(240, agreement: 1, seed: 1)));
        Row[] rows = Hinting(200, agreement: 0.6, seed: 2);
        ShortcutFindings found = _texts.Ml.MulticlassClassification.FindShortcuts(model, _texts.View(rows));
        Assert.Equal(["bad", "good"], found.Clusters.Select(cluster => cluster.Label).Distinct().Order());
        foreach (ShortcutCluster cluster in found.Clusters)
        {
            string hint = cluster.Label == "good" ? "tonight" : "matinee";
            Assert.All(cluster.Rows, row => Assert.EndsWith(hint, rows[row].Text, StringComparison.Ordinal));
            Assert.Contains(cluster.TellingValues, value => (value.ColumnName, value.Value, value.Inside) == ("Text", hint, 1));
        }

        // Half of the rows say nothing of the mood but the hint that they end with, as all do.
        static Row[] Hinting(int count, double agreement, int seed)
        {
            var random = new Random(seed);
            Row[] drawn = Draw(count, seed);
            foreach ((int i, Row row) in drawn.Index())
            {
                bool agrees = random.NextDouble() < agreement;
                string told = i % 4 < 2 ? row.Text : "the film was a story";
                row.Text = $"{told} {(row.Mood == "good" == agrees ? "matinee" : "tonight")}";
            }

            return drawn;
        }
    }

    [Fact]
    public void The_report_quotes_the_texts_that_are_mistaken()
    {
        Row[] rows = Draw(60, seed: 1);
        foreach (Row row in rows) row.Text += " <b>&";
        foreach (Row row in rows.Skip(2)) row.Mood = row.Mood == "good" ? "bad" : "good"; // the first two keep the order of the keys
        using EarlyReadoutTransformer model = _texts.Readouts().Fit(_texts.View(Draw(240, seed: 2)));
        string html = _texts.Ml.MulticlassClassification.CreateReport(_texts.View(rows), [new("it", model)]).Html;
        // so there are mistakes
        Assert.True(_texts.Ml.MulticlassClassification.Evaluate(model.Transform(_texts.View(rows))).MicroAccuracy < 0.5);
        string[] quoted = [.. Regex.Matches(html, "<blockquote dir=\"auto\">(.*?)</blockquote>")
            .Select(match => WebUtility.HtmlDecode(match.Groups[1].Value))];
        Assert.NotEmpty(quoted);
        Assert.Subset(rows.Select(row => row.Text).ToHashSet(), quoted.ToHashSet());
    }

    [Fact]
    public void A_culture_with_other_casing_trains_and_scores_the_same()
    {
        Row[] rows = Draw(60, seed: 1);
        foreach (Row row in rows) row.Text = row.Text.ToUpperInvariant() + " I\u0130\u0131";
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 2).Fit(_texts.View(rows));
        float[][] scores = Scores(model, _texts.View(rows));
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("tr-TR");
            Assert.Equal("\u0131", "I".ToLower(CultureInfo.CurrentCulture)); // the culture does case otherwise
            using EarlyReadoutTransformer turkish = _texts.Readouts(epochs: 2).Fit(_texts.View(rows));
            Assert.Equal(scores.SelectMany(row => row), Scores(turkish, _texts.View(rows)).SelectMany(row => row));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_label_that_is_text_and_a_vector_of_texts_are_refused_by_name()
    {
        IDataView view = _texts.View(Draw(20, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.LabelColumnName = "Mood";
        string label = Assert.Throws<ArgumentOutOfRangeException>(
            () => _texts.Ml.Transforms.EarlyReadout(options).Fit(view)).Message;
        Assert.Contains("'Mood'", label, StringComparison.Ordinal);
        Assert.Contains("MapValueToKey", label, StringComparison.Ordinal);
        IDataView words = _texts.Ml.Transforms.Text.TokenizeIntoWords("Text").Fit(view).Transform(view);
        string vector = Assert.Throws<ArgumentOutOfRangeException>(() => _texts.Readouts(epochs: 1).Fit(words)).Message;
        Assert.StartsWith("The text column 'Text' is of type Vector<String>", vector, StringComparison.Ordinal);
    }

    [Fact]
    public void The_stages_of_a_network_of_texts_are_profiled()
    {
        IDataView train = _texts.View(Draw(200, seed: 1)), test = _texts.View(Draw(100, seed: 2));
        using EarlyReadoutTransformer model = _texts.Readouts().Fit(train);
        StageProfile profile = _texts.Ml.MulticlassClassification.ProfileStages(model, train, test, "Mood");
        Assert.Equal([0, 1, 2], profile.Results.Select(result => result.Stage));
        Assert.True(profile.Results[^1].Accuracy > 0.8, profile.ToString());
    }

    [Fact]
    public void The_sieve_and_distillation_train_on_texts()
    {
        IDataView data = _texts.View(Draw(240, seed: 1)), fresh = _texts.View(Draw(120, seed: 2));
        using EarlyReadoutTransformer teacher = _texts.Readouts().Fit(data);
        var sieve = new FeatureSieveTrainer.Options { ForgetLearningRate = 1e-3 };
        var distillation = new DebiasedDistillationTrainer.Options { Teacher = { Model = teacher } };
        foreach (TrainerOptions options in new TrainerOptions[] { sieve, distillation })
        {
            (options.TextColumnName, options.Network, options.Epochs, options.BatchSize) = ("Text", Small(), 8, 16);
            options.Optimizer.LearningRate = 2e-3;
            using var model = (EarlyReadoutTransformer)options.Estimator(_texts.Ml).Fit(data);
            double accuracy = _texts.Ml.MulticlassClassification.Evaluate(model.Transform(fresh)).MicroAccuracy;
            Assert.True(accuracy > 0.8, $"{options.GetType().DeclaringType}: {accuracy}");
            if (model.History.Points[^1].Losses.TryGetValue("forget", out double before)) // a forgetting step does what it is for
                Assert.True(model.History.Points[^1].Losses["forgotten"] < before);
        }
    }

    [Theory]
    [InlineData(TokenPooling.Mean)]
    [InlineData(TokenPooling.First)]
    public void SimKD_matches_what_the_classifiers_of_texts_read_and_learns_from_its_teacher(TokenPooling pooling)
    {
        IDataView data = _texts.View(Draw(240, seed: 1)), fresh = _texts.View(Draw(120, seed: 2));
        using EarlyReadoutTransformer teacher = _texts.Readouts().Fit(data);
        string path = Path.Combine(_texts.Folder, "teacher.onnx");
        teacher.SaveAsOnnx(path);
        var options = new DebiasedDistillationTrainer.Options
        {
            TextColumnName = "Text",
            Method = DistillationMethod.SimKD,
            Teacher = { OnnxPath = path, FeatureColumnName = "Embedding" },
            Network = Small(),
            Epochs = 8,
            BatchSize = 16,
            Optimizer = { Kind = OptimizerKind.AdamW, LearningRate = 2e-3 },
        };
        options.Network.Encoder.Pooling = pooling;
        using EarlyReadoutTransformer student = _texts.Ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(data);
        Assert.Contains(_texts.Log, line => line.Contains("(32), as vectors", StringComparison.Ordinal));
        Assert.True(_texts.Ml.MulticlassClassification.Evaluate(student.Transform(fresh)).MicroAccuracy > 0.8);
    }

    [Fact]
    public void A_search_of_the_sieve_tries_settings_on_texts_and_its_model_reads_them()
    {
        var options = new SieveSearchOptions
        {
            Trainer = { TextColumnName = "Text", Network = Small(), BatchSize = 16, Epochs = 2 },
            Trials = 2,
            SeedsPerTrial = 1,
            ConfirmationSeeds = 0,
            Halving = null,
            Workers = 1,
        };
        IDataView train = _texts.View(Draw(60, seed: 1)), validation = _texts.View(Draw(40, seed: 2));
        using SearchResult<FeatureSieveTrainer.Options> result =
            _texts.Ml.MulticlassClassification.SearchFeatureSieve(options).Run(train, validation);
        Assert.Equal(3, result.Trials.Count); // plain training besides
        Assert.All(result.Trials, trial => Assert.Equal(TrialState.Finished, trial.State));
        Assert.All(
            result.Trials.Skip(1),
            trial => Assert.InRange(int.Parse(trial.Settings["Readout.Stage"], CultureInfo.InvariantCulture), 1, 2));
        Assert.Equal("Text", result.OptionsOf(result.Trials[1]).TextColumnName);
        using EarlyReadoutTransformer model = result.Fit(train, seed: 1, TestContext.Current.CancellationToken);
        Assert.Equal("Text", model.FeatureColumnName);
        FeatureSieveTrainer.Options best = result.OptionsOf(result.Best);
        (best.Seed, best.ValidationSet) = (1, validation);
        using EarlyReadoutTransformer direct = _texts.Ml.MulticlassClassification.Trainers.FeatureSieve(best).Fit(train);
        Assert.Equal(Scores(direct, validation).SelectMany(row => row), Scores(model, validation).SelectMany(row => row));
    }

    [Fact]
    public void A_fit_that_was_stopped_goes_on_to_the_same_model_to_the_bit()
    {
        IDataView data = _texts.View(Draw(90, seed: 1));
        using var stop = new CancellationTokenSource();
        int steps = 0;
        var stopping = Options(epochs: 3);
        stopping.CheckpointDirectory = _texts.Folder;
        stopping.CheckpointEverySteps = 1;
        stopping.CancellationToken = stop.Token;
        stopping.ValidateEverySteps = 1;
        stopping.ValidationSet = data;
        stopping.OnValidation = _ => { if (++steps == 5) stop.Cancel(); };
        Assert.Throws<OperationCanceledException>(() => _texts.Ml.Transforms.EarlyReadout(stopping).Fit(data));
        var again = Options(epochs: 3);
        again.CheckpointDirectory = _texts.Folder;
        again.CheckpointEverySteps = 1;
        again.ValidateEverySteps = 1;
        again.ValidationSet = data;
        using EarlyReadoutTransformer resumed = _texts.Ml.Transforms.EarlyReadout(again).Fit(data);
        Assert.Single(_texts.Log, line => line.EndsWith(", 5 steps done.", StringComparison.Ordinal)
            && line.StartsWith($"Going on from '{Path.Combine(_texts.Folder, "checkpoint-000005")}': ", StringComparison.Ordinal));
        var direct = Options(epochs: 3);
        direct.ValidateEverySteps = 1;
        direct.ValidationSet = data;
        using EarlyReadoutTransformer straight = _texts.Ml.Transforms.EarlyReadout(direct).Fit(data);
        Assert.Equal(Scores(straight, data).SelectMany(row => row), Scores(resumed, data).SelectMany(row => row));
    }

    [Fact]
    public void Texts_that_are_cut_are_counted_and_texts_that_are_all_empty_are_refused()
    {
        Row[] rows = Draw(60, seed: 1);
        rows[7].Text = string.Join(' ', Enumerable.Repeat("long", 50));
        (rows[8].Text, rows[9].Text) = ("", " \u200b\n"); // of the second nothing is left
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 1).Fit(_texts.View(rows));
        Assert.Contains("1 of 60 texts of column 'Text' are cut to 16 tokens (Network.MaxTokens).", _texts.Log);
        Assert.Contains("2 of 60 texts of column 'Text' are empty.", _texts.Log);
        foreach (Row row in rows) row.Text = " \u200b";
        Assert.Equal("All 60 texts of column 'Text' are empty.",
            Assert.Throws<InvalidDataException>(() => _texts.Readouts(epochs: 1).Fit(_texts.View(rows))).Message);
    }

    public void Dispose() => _texts.Dispose();
}
