using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static MLSieve.Tests.MoodTexts;

namespace MLSieve.Tests;

/// <summary>The vocabulary of a training on texts: learnt from them, given in a file, or that of the model that it starts from.</summary>
public sealed class TextVocabularyTests : IDisposable
{
    private readonly MoodTexts _texts = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_training_that_starts_from_a_model_takes_its_vocabulary_and_its_weights(bool saved)
    {
        IDataView data = _texts.View(Draw(120, seed: 1));
        using EarlyReadoutTransformer first = _texts.Readouts(epochs: 3).Fit(data);
        string path = Path.Combine(_texts.Folder, "first.zip");
        _texts.Ml.Model.Save(first, data.Schema, path);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(path, _texts.Ml);
        Row[] others = Draw(40, seed: 2);
        foreach (Row row in others) row.Text += " unheard";
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.Network = new NetworkOptions { MaxTokens = 16 }; // the encoder's sizes are the model's
        (options.StartFrom, options.Optimizer.LearningRate) = (saved ? loaded : first, 1e-30); // it stays where it begins
        using EarlyReadoutTransformer second = _texts.Ml.Transforms.EarlyReadout(options).Fit(_texts.View(others));
        foreach ((float[] before, float[] after) in Scores(first, _texts.View(others)).Zip(Scores(second, _texts.View(others))))
            Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void A_training_that_starts_from_an_encoder_of_a_file_takes_the_heads_that_its_file_tells_and_may_read_fewer_tokens()
    {
        IDataView data = _texts.View(Draw(60, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.Network.Encoder.Heads = 4;
        using (EarlyReadoutTransformer first = _texts.Ml.Transforms.EarlyReadout(options).Fit(data))
        {
            first.SaveWeights(Path.Combine(_texts.Folder, "first.safetensors"));
            first.SaveVocabulary(Path.Combine(_texts.Folder, "vocab.txt"));
            File.WriteAllText(Path.Combine(_texts.Folder, "config.json"), """{"num_attention_heads": 4}""");
        }

        options = Options(epochs: 1);
        options.Network = new NetworkOptions
        {
            WeightsPath = Path.Combine(_texts.Folder, "first.safetensors"),
            VocabularyPath = Path.Combine(_texts.Folder, "vocab.txt"),
            MaxTokens = 12, // of 16 positions
        };
        using EarlyReadoutTransformer second = _texts.Ml.Transforms.EarlyReadout(options).Fit(data);
        Assert.Equal("4", second.History.Settings["Network.Encoder.Heads"]); // the width alone would tell one
        options = Options(epochs: 1);
        options.Network = new NetworkOptions { MaxTokens = 9 };
        (options.StartFrom, options.Optimizer.LearningRate) = (second, 1e-30);
        using EarlyReadoutTransformer third = _texts.Ml.Transforms.EarlyReadout(options).Fit(data);
        Assert.Equal("4", third.History.Settings["Network.Encoder.Heads"]);
        IDataView brief = _texts.View([.. Draw(200, seed: 2).Where(row => row.Text.Count(letter => letter == ' ') < 5)]);
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
        using EarlyReadoutTransformer first = _texts.Ml.Transforms.EarlyReadout(options).Fit(_texts.View(Draw(60, seed: 1)));
        options.Network.Kind = NetworkKind.Automatic; // the weights say which
        options.Network.WeightsPath = Path.Combine(_texts.Folder, "first.safetensors");
        options.Network.VocabularyPath = Path.Combine(_texts.Folder, "vocab.txt");
        options.Optimizer.LearningRate = 1e-30; // it stays where it begins
        first.SaveWeights(options.Network.WeightsPath);
        first.SaveVocabulary(options.Network.VocabularyPath);
        Assert.Equal(first.Columns.Tokenizer!.Vocabulary.Tokens, File.ReadAllLines(options.Network.VocabularyPath));
        Row[] rows = Draw(60, seed: 1);
        for (int i = 0; i < rows.Length; i += 3) rows[i].Mood = "mixed";
        using EarlyReadoutTransformer second = _texts.Ml.Transforms.EarlyReadout(options).Fit(_texts.View(rows));
        Assert.Equal((3, name), (second.ClassCount, second.Training!.Network));
        Assert.Contains(
            _texts.Log, line => line.Contains("has 2 classes and not 3: it starts with fresh weights", StringComparison.Ordinal));
        Assert.Equal(Words(first), Words(second));
        (options.Network.WeightsPath, options.Network.VocabularyPath, options.StartFrom) = (null, null, second);
        using EarlyReadoutTransformer third = _texts.Ml.Transforms.EarlyReadout(options).Fit(_texts.View(rows));
        Assert.Equal(name, third.Training!.Network);
        Assert.Equal(Words(first), Words(third));

        static byte[] Words(EarlyReadoutTransformer model) =>
            model.Weights.Tensors.Single(tensor => tensor.Name == "embeddings.word_embeddings.weight").Bytes;
    }

    [Fact]
    public void A_vocabulary_may_lie_elsewhere_when_a_training_goes_on_and_must_be_the_same()
    {
        IDataView data = _texts.View(Draw(60, seed: 1));
        string vocabulary = Path.Combine(_texts.Folder, "vocab.txt"), moved = Path.Combine(_texts.Folder, "moved.txt");
        using (EarlyReadoutTransformer first = _texts.Readouts(epochs: 1).Fit(data)) first.SaveVocabulary(vocabulary);
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
            (options.Network.VocabularyPath, options.CheckpointDirectory) = (path, Path.Combine(_texts.Folder, "checkpoints"));
            return _texts.Ml.Transforms.EarlyReadout(options).Fit(data);
        }
    }

    [Fact]
    public void A_vocabulary_that_cannot_be_written_is_an_IOException_that_names_it()
    {
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 1).Fit(_texts.View(Draw(60, seed: 1)));
        Assert.StartsWith(
            $"Cannot write '{_texts.Folder}': ", Assert.Throws<IOException>(() => model.SaveVocabulary(_texts.Folder)).Message,
            StringComparison.Ordinal); // which is a folder
    }

    [Fact]
    public void A_training_that_starts_from_a_model_of_another_vocabulary_or_other_sizes_is_refused_with_the_difference()
    {
        IDataView data = _texts.View(Draw(60, seed: 1));
        using EarlyReadoutTransformer first = _texts.Readouts(epochs: 1).Fit(data);
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.StartFrom = first;
        string[] tokens = [.. first.Columns.Tokenizer!.Vocabulary.Tokens];
        options.Network.VocabularyPath = Path.Combine(_texts.Folder, "vocab.txt");
        first.SaveVocabulary(options.Network.VocabularyPath);
        _texts.Ml.Transforms.EarlyReadout(options).Fit(data).Dispose(); // the same is no fault

        (tokens[^2], tokens[^1]) = (tokens[^1], tokens[^2]);
        File.WriteAllLines(options.Network.VocabularyPath, tokens);
        Assert.Equal(
            $"StartFrom has a vocabulary of {tokens.Length} tokens, Network.VocabularyPath one of {tokens.Length}: token "
                + $"{tokens.Length - 2} is '{tokens[^1]}' there and '{tokens[^2]}' here. They must be the same; "
                + "without VocabularyPath the training takes that of StartFrom.",
            Assert.Throws<ArgumentException>(() => _texts.Ml.Transforms.EarlyReadout(options).Fit(data)).Message);

        (options.Network.VocabularyPath, options.Network.Encoder.Heads) = (null, 4);
        Assert.Equal(
            "StartFrom was trained with Network.Encoder.Heads 2, and here it is 4; give the same.",
            Assert.Throws<ArgumentException>(() => _texts.Ml.Transforms.EarlyReadout(options).Fit(data)).Message);
        (options.Network.Encoder.Heads, options.Network.MaxTokens) = (2, 20);
        Assert.Equal(
            "Network.MaxTokens is 20, and BERT has 16 positions; give at most so many.",
            Assert.Throws<ArgumentException>(() => _texts.Ml.Transforms.EarlyReadout(options).Fit(data)).Message);
        (options.Network.MaxTokens, options.Network.Kind) = (16, NetworkKind.DistilBert);
        Assert.StartsWith(
            "StartFrom is the network BERT, for features of type String; this training builds DistilBERT, for texts of up to 16 tokens.",
            Assert.Throws<ArgumentException>(() => _texts.Ml.Transforms.EarlyReadout(options).Fit(data)).Message, StringComparison.Ordinal);
        (options.Network.Kind, options.Network.Encoder.Pooling) = (NetworkKind.Bert, TokenPooling.First);
        Assert.Equal(
            "StartFrom was trained with Network.Encoder.Pooling \"Mean\", and here it is \"First\"; give the same.",
            Assert.Throws<ArgumentException>(() => _texts.Ml.Transforms.EarlyReadout(options).Fit(data)).Message);
    }

    [Fact]
    public void Texts_of_rows_without_a_label_are_not_learnt_from()
    {
        Row[] rows = Draw(60, seed: 1);
        foreach (Row row in rows.Skip(40)) (row.Text, row.Mood) = ("xylophone quiz", ""); // no label
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 1).Fit(_texts.View(rows));
        Assert.Contains("Skipped 20 of 60 rows: no label in column 'Label'.", _texts.Log);
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
        IDataView data = _texts.View(Draw(60, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        if (given)
        {
            using EarlyReadoutTransformer first = _texts.Readouts(epochs: 1).Fit(data);
            options.Network.VocabularyPath = Path.Combine(_texts.Folder, "vocab.txt");
            first.SaveVocabulary(options.Network.VocabularyPath);
        }

        // Without a transform before it: those of ML.NET read ahead, and do not tell which row it was.
        IDataView broken = _texts.Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(row => new Lost(row)));
        Assert.Equal(
            "Column 'Text', row 7 (counted from 0 in the data view) cannot be read: The disk is gone.",
            Assert.Throws<InvalidDataException>(() => _texts.Ml.Transforms.EarlyReadout(options).Fit(broken)).Message);
    }

    [Fact]
    public void Weights_without_their_vocabulary_or_for_a_column_of_another_type_are_refused()
    {
        IDataView data = _texts.View(Draw(20, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        options.Network.WeightsPath = RealData.Path("minilm/minilm-l6-f16.safetensors");
        string missing = Assert.Throws<ArgumentException>(() => _texts.Ml.Transforms.EarlyReadout(options).Fit(data)).Message;
        Assert.Contains("Network.VocabularyPath", missing, StringComparison.Ordinal);
        EarlyReadoutEstimator.Options vectors = Options(epochs: 1);
        vectors.Network.Kind = NetworkKind.Mlp;
        Assert.Contains("Mlp needs numbers, and the feature column holds texts", Assert.Throws<ArgumentException>(
            () => _texts.Ml.Transforms.EarlyReadout(vectors).Fit(data)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _texts.Dispose();

    private sealed class Lost(int row)
    {
        [KeyType(2)]
        public uint Label => (uint)(row % 2); // ML.NET adds 1

        public string Text => row == 7 ? throw new IOException("The disk is gone.") : "the film";
    }
}
