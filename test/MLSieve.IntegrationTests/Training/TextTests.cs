using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>Texts from a raw column to scores, by every trainer.</summary>
public sealed class TextTests : IDisposable
{
    private const string ModelVariable = "MLSIEVE_TEST_MODEL";
    private static readonly CultureInfo _invariant = CultureInfo.InvariantCulture;
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("texts").FullName;

    public TextTests() => _ml.Log += (_, line) => _log.Add(line.RawMessage);

    [Fact]
    public void A_text_column_trains_and_scores_better_than_chance_by_group()
    {
        IDataView data = View(Draw(240, seed: 1)), fresh = View(Draw(120, seed: 2));
        using EarlyReadoutTransformer model = Readouts().Fit(data);
        Assert.Contains(_log, line => line.Contains("No vocabulary is given", StringComparison.Ordinal));
        Assert.Contains(_log, line => line.Contains("is trained from nothing", StringComparison.Ordinal));
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(fresh)).MicroAccuracy > 0.8);
        Assert.Equal(["Readout1"], model.ReadoutNames);
        Assert.Equal(120, model.Transform(fresh).GetColumn<float[]>("Readout1.Score").Count());
    }

    [Fact]
    public void With_nothing_but_the_column_named_texts_are_learnt()
    {
        IDataView data = View(Draw(320, seed: 1)), fresh = View(Draw(200, seed: 2));
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options { TextColumnName = "Text" }).Fit(data);
        Assert.Equal("\"AdamW\"", model.History.Settings["Optimizer.Kind"]);
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(fresh)).MicroAccuracy > 0.98);
    }

    [Fact]
    public void Texts_of_mixed_length_are_scored_in_their_order_as_each_is_alone()
    {
        Row[] rows = Draw(150, seed: 1);
        using EarlyReadoutTransformer model = Readouts(epochs: 2).Fit(View(rows));
        float[][] together = Scores(model, View(rows));
        Assert.True(together.Select(row => row[0]).Distinct().Count() > 100, "The rows are no test: their scores are alike.");
        foreach ((Row row, float[] expected) in rows.Zip(together))
            Assert.All(Scores(model, View([row, rows[0], rows[1]]))[0].Zip(expected),
                pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
    }

    [Fact]
    public void A_word_that_misleads_a_readout_is_told_of_the_clusters_of_its_errors()
    {
        using EarlyReadoutTransformer model = Readouts().Fit(View(Hinting(240, agreement: 1, seed: 1)));
        Row[] rows = Hinting(200, agreement: 0.6, seed: 2);
        ShortcutFindings found = _ml.MulticlassClassification.FindShortcuts(model, View(rows));
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
        using EarlyReadoutTransformer model = Readouts().Fit(View(Draw(240, seed: 2)));
        string html = _ml.MulticlassClassification.CreateReport(View(rows), [new("it", model)]).Html;
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(View(rows))).MicroAccuracy < 0.5); // so there are mistakes
        string[] quoted = [.. System.Text.RegularExpressions.Regex.Matches(html, "<blockquote dir=\"auto\">(.*?)</blockquote>")
            .Select(match => System.Net.WebUtility.HtmlDecode(match.Groups[1].Value))];
        Assert.NotEmpty(quoted);
        Assert.Subset(rows.Select(row => row.Text).ToHashSet(), quoted.ToHashSet());
    }

    [Fact]
    public void A_culture_with_other_casing_trains_and_scores_the_same()
    {
        Row[] rows = Draw(60, seed: 1);
        foreach (Row row in rows) row.Text = row.Text.ToUpperInvariant() + " I\u0130\u0131";
        using EarlyReadoutTransformer model = Readouts(epochs: 2).Fit(View(rows));
        float[][] scores = Scores(model, View(rows));
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("tr-TR");
            Assert.Equal("\u0131", "I".ToLower(CultureInfo.CurrentCulture)); // the culture does case otherwise
            using EarlyReadoutTransformer turkish = Readouts(epochs: 2).Fit(View(rows));
            Assert.Equal(scores.SelectMany(row => row), Scores(turkish, View(rows)).SelectMany(row => row));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_label_that_is_text_and_a_vector_of_texts_are_refused_by_name()
    {
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.LabelColumnName = "Mood";
        string label = Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.Transforms.EarlyReadout(options).Fit(View(Draw(20, seed: 1)))).Message;
        Assert.Contains("'Mood'", label, StringComparison.Ordinal);
        Assert.Contains("MapValueToKey", label, StringComparison.Ordinal);
        IDataView words = _ml.Transforms.Text.TokenizeIntoWords("Text").Fit(View(Draw(20, seed: 1))).Transform(View(Draw(20, seed: 1)));
        string vector = Assert.Throws<ArgumentOutOfRangeException>(() => Readouts(epochs: 1).Fit(words)).Message;
        Assert.StartsWith("The text column 'Text' is of type Vector<String>", vector, StringComparison.Ordinal);
    }

    [Fact]
    public void The_stages_of_a_network_of_texts_are_profiled()
    {
        IDataView train = View(Draw(200, seed: 1)), test = View(Draw(100, seed: 2));
        using EarlyReadoutTransformer model = Readouts().Fit(train);
        StageProfile profile = _ml.MulticlassClassification.ProfileStages(model, train, test, "Mood");
        Assert.Equal([0, 1, 2], profile.Results.Select(result => result.Stage));
        Assert.True(profile.Results[^1].Accuracy > 0.8, profile.ToString());
    }

    [Fact]
    public void The_sieve_and_distillation_train_on_texts()
    {
        IDataView data = View(Draw(240, seed: 1)), fresh = View(Draw(120, seed: 2));
        using EarlyReadoutTransformer teacher = Readouts().Fit(data);
        var sieve = new FeatureSieveTrainer.Options { ForgetLearningRate = 1e-3 };
        var distillation = new DebiasedDistillationTrainer.Options { Teacher = { Model = teacher } };
        foreach (TrainerOptions options in new TrainerOptions[] { sieve, distillation })
        {
            (options.TextColumnName, options.Network, options.Epochs, options.BatchSize) = ("Text", Small(), 8, 16);
            options.Optimizer.LearningRate = 2e-3;
            using var model = (EarlyReadoutTransformer)options.Estimator(_ml).Fit(data);
            double accuracy = _ml.MulticlassClassification.Evaluate(model.Transform(fresh)).MicroAccuracy;
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
        IDataView data = View(Draw(240, seed: 1)), fresh = View(Draw(120, seed: 2));
        using EarlyReadoutTransformer teacher = Readouts().Fit(data);
        string path = Path.Combine(_folder, "teacher.onnx");
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
        using EarlyReadoutTransformer student = _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(data);
        Assert.Contains(_log, line => line.Contains("(32), as vectors", StringComparison.Ordinal));
        Assert.True(_ml.MulticlassClassification.Evaluate(student.Transform(fresh)).MicroAccuracy > 0.8);
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
        IDataView train = View(Draw(60, seed: 1)), validation = View(Draw(40, seed: 2));
        using SearchResult<FeatureSieveTrainer.Options> result =
            _ml.MulticlassClassification.SearchFeatureSieve(options).Run(train, validation);
        Assert.Equal(3, result.Trials.Count); // plain training besides
        Assert.All(result.Trials, trial => Assert.Equal(TrialState.Finished, trial.State));
        Assert.All(result.Trials.Skip(1), trial => Assert.InRange(int.Parse(trial.Settings["Readout.Stage"], _invariant), 1, 2));
        Assert.Equal("Text", result.OptionsOf(result.Trials[1]).TextColumnName);
        using EarlyReadoutTransformer model = result.Fit(train, seed: 1, TestContext.Current.CancellationToken);
        Assert.Equal("Text", model.FeatureColumnName);
        FeatureSieveTrainer.Options best = result.OptionsOf(result.Best);
        (best.Seed, best.ValidationSet) = (1, validation);
        using EarlyReadoutTransformer direct = _ml.MulticlassClassification.Trainers.FeatureSieve(best).Fit(train);
        Assert.Equal(Scores(direct, validation).SelectMany(row => row), Scores(model, validation).SelectMany(row => row));
    }

    [Fact]
    public void A_fit_that_was_stopped_goes_on_to_the_same_model_to_the_bit()
    {
        IDataView data = View(Draw(90, seed: 1));
        using var stop = new CancellationTokenSource();
        int steps = 0;
        var stopping = Options(epochs: 3);
        stopping.CheckpointDirectory = _folder;
        stopping.CheckpointEverySteps = 1;
        stopping.CancellationToken = stop.Token;
        stopping.ValidateEverySteps = 1;
        stopping.ValidationSet = data;
        stopping.OnValidation = _ => { if (++steps == 5) stop.Cancel(); };
        Assert.Throws<OperationCanceledException>(() => _ml.Transforms.EarlyReadout(stopping).Fit(data));
        var again = Options(epochs: 3);
        again.CheckpointDirectory = _folder;
        again.CheckpointEverySteps = 1;
        again.ValidateEverySteps = 1;
        again.ValidationSet = data;
        using EarlyReadoutTransformer resumed = _ml.Transforms.EarlyReadout(again).Fit(data);
        Assert.Single(_log, line => line.EndsWith(", 5 steps done.", StringComparison.Ordinal)
            && line.StartsWith($"Going on from '{Path.Combine(_folder, "checkpoint-000005")}': ", StringComparison.Ordinal));
        var direct = Options(epochs: 3);
        direct.ValidateEverySteps = 1;
        direct.ValidationSet = data;
        using EarlyReadoutTransformer straight = _ml.Transforms.EarlyReadout(direct).Fit(data);
        Assert.Equal(Scores(straight, data).SelectMany(row => row), Scores(resumed, data).SelectMany(row => row));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_training_that_starts_from_a_model_takes_its_vocabulary_and_its_weights(bool saved)
    {
        IDataView data = View(Draw(120, seed: 1));
        using EarlyReadoutTransformer first = Readouts(epochs: 3).Fit(data);
        string path = Path.Combine(_folder, "first.zip");
        _ml.Model.Save(first, data.Schema, path);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(path, _ml);
        Row[] others = Draw(40, seed: 2);
        foreach (Row row in others) row.Text += " unheard";
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.Network = new NetworkOptions { MaxTokens = 16 }; // the encoder's sizes are the model's
        (options.StartFrom, options.Optimizer.LearningRate) = (saved ? loaded : first, 1e-30); // it stays where it begins
        using EarlyReadoutTransformer second = _ml.Transforms.EarlyReadout(options).Fit(View(others));
        foreach ((float[] before, float[] after) in Scores(first, View(others)).Zip(Scores(second, View(others))))
            Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void A_training_that_starts_from_an_encoder_of_a_file_takes_the_heads_that_its_file_tells_and_may_read_fewer_tokens()
    {
        IDataView data = View(Draw(60, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.Network.Encoder.Heads = 4;
        using (EarlyReadoutTransformer first = _ml.Transforms.EarlyReadout(options).Fit(data))
        {
            first.SaveWeights(Path.Combine(_folder, "first.safetensors"));
            first.SaveVocabulary(Path.Combine(_folder, "vocab.txt"));
            File.WriteAllText(Path.Combine(_folder, "config.json"), """{"num_attention_heads": 4}""");
        }

        options = Options(epochs: 1);
        options.Network = new NetworkOptions
        {
            WeightsPath = Path.Combine(_folder, "first.safetensors"),
            VocabularyPath = Path.Combine(_folder, "vocab.txt"),
            MaxTokens = 12, // of 16 positions
        };
        using EarlyReadoutTransformer second = _ml.Transforms.EarlyReadout(options).Fit(data);
        Assert.Equal("4", second.History.Settings["Network.Encoder.Heads"]); // the width alone would tell one
        options = Options(epochs: 1);
        options.Network = new NetworkOptions { MaxTokens = 9 };
        (options.StartFrom, options.Optimizer.LearningRate) = (second, 1e-30);
        using EarlyReadoutTransformer third = _ml.Transforms.EarlyReadout(options).Fit(data);
        Assert.Equal("4", third.History.Settings["Network.Encoder.Heads"]);
        IDataView brief = View([.. Draw(200, seed: 2).Where(row => row.Text.Count(letter => letter == ' ') < 5)]);
        float[][] scores = Scores(second, brief);
        Assert.True(scores.Length > 20);
        foreach ((float[] before, float[] after) in scores.Zip(Scores(third, brief)))
            Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Theory]
    [InlineData(NetworkKind.Bert, "BERT")]
    [InlineData(NetworkKind.DistilBert, "DistilBERT")]
    public void Weights_and_vocabulary_of_a_model_in_files_begin_a_training_for_other_classes_and_that_one_another(
        NetworkKind kind, string name)
    {
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.Network.Kind = kind;
        using EarlyReadoutTransformer first = _ml.Transforms.EarlyReadout(options).Fit(View(Draw(60, seed: 1)));
        options.Network.Kind = NetworkKind.Automatic; // the weights say which
        options.Network.WeightsPath = Path.Combine(_folder, "first.safetensors");
        options.Network.VocabularyPath = Path.Combine(_folder, "vocab.txt");
        options.Optimizer.LearningRate = 1e-30; // it stays where it begins
        first.SaveWeights(options.Network.WeightsPath);
        first.SaveVocabulary(options.Network.VocabularyPath);
        Assert.Equal(first.Columns.Tokenizer!.Vocabulary.Tokens, File.ReadAllLines(options.Network.VocabularyPath));
        Row[] rows = Draw(60, seed: 1);
        for (int i = 0; i < rows.Length; i += 3) rows[i].Mood = "mixed";
        using EarlyReadoutTransformer second = _ml.Transforms.EarlyReadout(options).Fit(View(rows));
        Assert.Equal((3, name), (second.ClassCount, second.Training!.Network));
        Assert.Contains(_log, line => line.Contains("has 2 classes and not 3: it starts with fresh weights", StringComparison.Ordinal));
        Assert.Equal(Words(first), Words(second));
        (options.Network.WeightsPath, options.Network.VocabularyPath, options.StartFrom) = (null, null, second);
        using EarlyReadoutTransformer third = _ml.Transforms.EarlyReadout(options).Fit(View(rows));
        Assert.Equal(name, third.Training!.Network);
        Assert.Equal(Words(first), Words(third));

        static byte[] Words(EarlyReadoutTransformer model) =>
            model.Weights.Tensors.Single(tensor => tensor.Name == "embeddings.word_embeddings.weight").Bytes;
    }

    [Fact]
    public void A_vocabulary_may_lie_elsewhere_when_a_training_goes_on_and_must_be_the_same()
    {
        IDataView data = View(Draw(60, seed: 1));
        string vocabulary = Path.Combine(_folder, "vocab.txt"), moved = Path.Combine(_folder, "moved.txt");
        using (EarlyReadoutTransformer first = Readouts(epochs: 1).Fit(data)) first.SaveVocabulary(vocabulary);
        Fit(vocabulary).Dispose();
        File.Move(vocabulary, moved);
        Fit(moved).Dispose();
        string[] tokens = File.ReadAllLines(moved);
        File.WriteAllLines(moved, [.. tokens, "another"]);
        var fault = Assert.Throws<CheckpointMismatchException>(() => Fit(moved));
        Assert.Contains(fault.Differences, line => line.StartsWith("the training data's vocabulary was ", StringComparison.Ordinal));

        EarlyReadoutTransformer Fit(string path)
        {
            EarlyReadoutEstimator.Options options = Options(epochs: 1);
            (options.Network.VocabularyPath, options.CheckpointDirectory) = (path, Path.Combine(_folder, "checkpoints"));
            return _ml.Transforms.EarlyReadout(options).Fit(data);
        }
    }

    [Fact]
    public void A_vocabulary_that_cannot_be_written_is_an_IOException_that_names_it()
    {
        using EarlyReadoutTransformer model = Readouts(epochs: 1).Fit(View(Draw(60, seed: 1)));
        Assert.StartsWith(
            $"Cannot write '{_folder}': ", Assert.Throws<IOException>(() => model.SaveVocabulary(_folder)).Message,
            StringComparison.Ordinal); // which is a folder
    }

    [Fact]
    public void A_process_without_Unicode_data_says_so_where_it_loads_a_model_and_calls_no_file_damaged()
    {
        IDataView data = View(Draw(60, seed: 1));
        string zip = Path.Combine(_folder, "model.zip");
        using (EarlyReadoutTransformer model = Readouts(epochs: 1).Fit(data)) _ml.Model.Save(model, data.Schema, zip);
        OwnProcess.Run<TextTests>(
            nameof(In_invariant_mode_loading_a_model_says_what_to_do),
            ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"), (ModelVariable, zip));
    }

    [Fact(Explicit = true)]
    public void In_invariant_mode_loading_a_model_says_what_to_do()
    {
        string zip = Environment.GetEnvironmentVariable(ModelVariable)!;
        foreach (Action load in new Action[]
        {
            () => EarlyReadoutTransformer.Load(zip, _ml).Dispose(),
            () => EarlyReadoutTransformer.From(_ml.Model.Load(zip, out _), _ml).Dispose(),
        })
            Assert.StartsWith(
                "This process runs in .NET's globalisation-invariant mode, in which accents cannot be taken off letters. Install ICU",
                Assert.Throws<InvalidOperationException>(load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_starts_from_a_model_of_another_vocabulary_or_other_sizes_is_refused_with_the_difference()
    {
        IDataView data = View(Draw(60, seed: 1));
        using EarlyReadoutTransformer first = Readouts(epochs: 1).Fit(data);
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.StartFrom = first;
        string[] tokens = [.. first.Columns.Tokenizer!.Vocabulary.Tokens];
        options.Network.VocabularyPath = Path.Combine(_folder, "vocab.txt");
        first.SaveVocabulary(options.Network.VocabularyPath);
        _ml.Transforms.EarlyReadout(options).Fit(data).Dispose(); // the same is no fault

        (tokens[^2], tokens[^1]) = (tokens[^1], tokens[^2]);
        File.WriteAllLines(options.Network.VocabularyPath, tokens);
        Assert.Equal(
            $"StartFrom has a vocabulary of {tokens.Length} tokens, Network.VocabularyPath one of {tokens.Length}: token "
                + $"{tokens.Length - 2} is '{tokens[^1]}' there and '{tokens[^2]}' here. They must be the same; "
                + "without VocabularyPath the training takes that of StartFrom.",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(data)).Message);

        (options.Network.VocabularyPath, options.Network.Encoder.Heads) = (null, 4);
        Assert.Equal(
            "StartFrom was trained with Network.Encoder.Heads 2, and here it is 4; give the same.",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(data)).Message);
        (options.Network.Encoder.Heads, options.Network.MaxTokens) = (2, 20);
        Assert.Equal(
            "Network.MaxTokens is 20, and BERT has 16 positions; give at most so many.",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(data)).Message);
        (options.Network.MaxTokens, options.Network.Kind) = (16, NetworkKind.DistilBert);
        Assert.StartsWith(
            "StartFrom is the network BERT, for features of type String; this training builds DistilBERT, for texts of up to 16 tokens.",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(data)).Message, StringComparison.Ordinal);
        (options.Network.Kind, options.Network.Encoder.Pooling) = (NetworkKind.Bert, TokenPooling.First);
        Assert.Equal(
            "StartFrom was trained with Network.Encoder.Pooling \"Mean\", and here it is \"First\"; give the same.",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(data)).Message);
    }

    [Fact]
    public void Texts_that_are_cut_are_counted_and_texts_that_are_all_empty_are_refused()
    {
        Row[] rows = Draw(60, seed: 1);
        rows[7].Text = string.Join(' ', Enumerable.Repeat("long", 50));
        (rows[8].Text, rows[9].Text) = ("", " \u200b\n"); // of the second nothing is left
        using EarlyReadoutTransformer model = Readouts(epochs: 1).Fit(View(rows));
        Assert.Contains("1 of 60 texts of column 'Text' are cut to 16 tokens (Network.MaxTokens).", _log);
        Assert.Contains("2 of 60 texts of column 'Text' are empty.", _log);
        foreach (Row row in rows) row.Text = " \u200b";
        Assert.Equal("All 60 texts of column 'Text' are empty.",
            Assert.Throws<InvalidDataException>(() => Readouts(epochs: 1).Fit(View(rows))).Message);
    }

    [Fact]
    public void Texts_of_rows_without_a_label_are_not_learnt_from()
    {
        Row[] rows = Draw(60, seed: 1);
        foreach (Row row in rows.Skip(40)) (row.Text, row.Mood) = ("xylophone quiz", ""); // no label
        using EarlyReadoutTransformer model = Readouts(epochs: 1).Fit(View(rows));
        Assert.Contains("Skipped 20 of 60 rows: no label in column 'Label'.", _log);
        IReadOnlyList<string> learnt = model.Columns.Tokenizer!.Vocabulary.Tokens;
        Assert.Contains("film", learnt);
        Assert.DoesNotContain("xylophone", learnt);
        Assert.DoesNotContain("x", learnt);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_text_that_cannot_be_read_is_named_whether_the_vocabulary_is_given_or_learnt(bool given)
    {
        IDataView data = View(Draw(60, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        if (given)
        {
            using EarlyReadoutTransformer first = Readouts(epochs: 1).Fit(data);
            options.Network.VocabularyPath = Path.Combine(_folder, "vocab.txt");
            first.SaveVocabulary(options.Network.VocabularyPath);
        }

        // Without a transform before it: those of ML.NET read ahead, and do not tell which row it was.
        IDataView broken = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(row => new Lost(row)));
        Assert.Equal(
            "Column 'Text', row 7 (counted from 0 in the data view) cannot be read: The disk is gone.",
            Assert.Throws<InvalidDataException>(() => _ml.Transforms.EarlyReadout(options).Fit(broken)).Message);
    }

    [Fact]
    public void A_saved_graph_reads_strings_and_takes_no_prefix()
    {
        IDataView data = View(Draw(60, seed: 1));
        using EarlyReadoutTransformer model = Readouts(epochs: 1).Fit(data);
        string path = Path.Combine(_folder, "model.onnx");
        model.SaveAsOnnx(path);
        ITransformer stock = _ml.Transforms.ApplyOnnxModel(["Score"], ["Text"], path).Fit(data);
        float[][] scored = [.. stock.Transform(data).GetColumn<float[]>("Score")];
        foreach ((float[] own, float[] others) in Scores(model, data).Zip(scored))
            Assert.All(own.Zip(others), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.Contains("ML.NET exports no transform that does", Assert.Throws<InvalidOperationException>(
            () => model.SaveAsOnnx(path, [1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_saved_model_of_texts_is_given_back_whole()
    {
        IDataView data = View(Draw(60, seed: 1));
        using EarlyReadoutTransformer model = Readouts(epochs: 1).Fit(data);
        string zip = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(model, data.Schema, zip);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(zip, _ml);
        Assert.Equal(Scores(model, data).SelectMany(row => row), Scores(loaded, data).SelectMany(row => row));
    }

    [Fact]
    public void Weights_without_their_vocabulary_or_for_a_column_of_another_type_are_refused()
    {
        IDataView data = View(Draw(20, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.Network.WeightsPath = RealData.Path("minilm/minilm-l6-f16.safetensors");
        string missing = Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(data)).Message;
        Assert.Contains("Network.VocabularyPath", missing, StringComparison.Ordinal);
        EarlyReadoutEstimator.Options vectors = Options(epochs: 1);
        vectors.Network.Kind = NetworkKind.Mlp;
        Assert.Contains("Mlp needs numbers, and the feature column holds texts", Assert.Throws<ArgumentException>(
            () => _ml.Transforms.EarlyReadout(vectors).Fit(data)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static NetworkOptions Small() => new() { MaxTokens = 16, Encoder = { Layers = 2, Width = 32, Heads = 2, Dropout = 0.1 } };

    private static EarlyReadoutEstimator.Options Options(int epochs) => new()
    {
        TextColumnName = "Text",
        Network = Small(),
        Epochs = epochs,
        BatchSize = 16,
        Optimizer = { Kind = OptimizerKind.AdamW, LearningRate = 2e-3 },
        Taps = [new EarlyReadoutEstimator.Tap { Stage = 1 }],
    };

    private EarlyReadoutEstimator Readouts(int epochs = 6) => _ml.Transforms.EarlyReadout(Options(epochs));

    private static float[][] Scores(EarlyReadoutTransformer model, IDataView data) =>
        [.. model.Transform(data).GetColumn<float[]>("Score")];

    private IDataView View(Row[] rows) =>
        _ml.Transforms.Conversion.MapValueToKey("Label", "Mood").Fit(_ml.Data.LoadFromEnumerable(rows))
            .Transform(_ml.Data.LoadFromEnumerable(rows));

    /// <summary>Praise and blame in sentences of 3 to 13 words.</summary>
    private static Row[] Draw(int count, int seed)
    {
        string[] good = ["great", "lovely", "superb"], bad = ["awful", "dull", "poor"];
        string[] other = ["the", "film", "was", "a", "story", "and", "so"];
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            bool isGood = i % 2 == 0;
            string[] words =
            [
                .. Enumerable.Range(0, random.Next(2, 13)).Select(_ => other[random.Next(other.Length)]),
                (isGood ? good : bad)[random.Next(3)],
            ];
            random.Shuffle(words);
            return new Row { Text = string.Join(' ', words), Mood = isGood ? "good" : "bad" };
        })];
    }

    private sealed class Lost(int row)
    {
        [KeyType(2)]
        public uint Label => (uint)(row % 2); // ML.NET adds 1

        public string Text => row == 7 ? throw new IOException("The disk is gone.") : "the film";
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Mood { get; set; } = "";
    }
}
