using System.Net;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>Pairs of texts, from two raw columns to scores.</summary>
public sealed class TextPairTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("pairs").FullName;

    public TextPairTests() => _ml.Log += (_, line) => _log.Add(line.RawMessage);

    [Fact]
    public void What_only_the_second_text_tells_is_learnt()
    {
        using EarlyReadoutTransformer model = Fit(Draw(240, seed: 1), epochs: 8);
        Assert.Equal("Second", model.SecondTextColumnName);
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(View(Draw(120, seed: 2)))).MicroAccuracy > 0.9);
    }

    [Fact]
    public void The_sieve_and_distillation_train_on_pairs()
    {
        IDataView data = View(Draw(240, seed: 1)), fresh = View(Draw(120, seed: 2));
        using EarlyReadoutTransformer teacher = Fit(Draw(240, seed: 1), epochs: 8);
        var sieve = new FeatureSieveTrainer.Options { ForgetEvery = 5 };
        var distillation = new DebiasedDistillationTrainer.Options { Teacher = { Model = teacher } };
        foreach (TrainerOptions options in new TrainerOptions[] { sieve, distillation })
        {
            Set(options, epochs: 8);
            using EarlyReadoutTransformer model = (EarlyReadoutTransformer)options.Estimator(_ml).Fit(data);
            Assert.True(
                _ml.MulticlassClassification.Evaluate(model.Transform(fresh)).MicroAccuracy > 0.8, $"{options.GetType().DeclaringType}");
            Assert.Equal("Second", model.SecondTextColumnName);
        }
    }

    [Fact]
    public void A_search_of_the_sieve_reads_both_columns()
    {
        var options = new SieveSearchOptions { Trials = 2, SeedsPerTrial = 1, ConfirmationSeeds = 0, Halving = null, Workers = 1 };
        Set(options.Trainer, epochs: 2);
        IDataView train = View(Draw(60, seed: 1)), validation = View(Draw(40, seed: 2));
        using SearchResult<FeatureSieveTrainer.Options> result =
            _ml.MulticlassClassification.SearchFeatureSieve(options).Run(train, validation);
        Assert.All(result.Trials, trial => Assert.Equal(TrialState.Finished, trial.State));
        using EarlyReadoutTransformer model = result.Fit(train, seed: 1, TestContext.Current.CancellationToken);
        Assert.Equal(("First", "Second"), (model.FeatureColumnName, model.SecondTextColumnName));
        FeatureSieveTrainer.Options best = result.OptionsOf(result.Best);
        (best.Seed, best.ValidationSet) = (1, validation);
        using EarlyReadoutTransformer direct = _ml.MulticlassClassification.Trainers.FeatureSieve(best).Fit(train);
        Assert.Equal(Scores(direct, validation).SelectMany(row => row), Scores(model, validation).SelectMany(row => row));
    }

    [Fact]
    public void The_report_quotes_both_texts_of_each_mistaken_pair()
    {
        Row[] rows = Draw(40, seed: 1);
        foreach (Row row in rows) (row.First, row.Second) = ($"{row.First} <b>", $"{row.Second} &");
        foreach (Row row in rows.Skip(2)) row.Answer = row.Answer == "yes" ? "no" : "yes"; // the first two keep the order of the keys
        using EarlyReadoutTransformer model = Fit(Draw(240, seed: 2), epochs: 8);
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(View(rows))).MicroAccuracy < 0.5); // so there are mistakes
        string html = _ml.MulticlassClassification.CreateReport(View(rows), [new("it", model)]).Html;
        string[] quoted = [.. Regex.Matches(html, "<blockquote dir=\"auto\">(.*?)</blockquote>")
            .Select(match => WebUtility.HtmlDecode(match.Groups[1].Value))];
        Assert.NotEmpty(quoted);
        HashSet<(string, string)> pairs = [.. rows.Select(row => (row.First, row.Second))];
        Assert.All(quoted.Chunk(2), pair => Assert.Contains((pair[0], pair[1]), pairs));
    }

    [Fact]
    public void Loaded_and_exported_models_read_both_columns_and_score_the_same()
    {
        IDataView data = View(Draw(60, seed: 1));
        using EarlyReadoutTransformer model = Fit(Draw(60, seed: 1));
        string zip = Path.Combine(_folder, "model.zip"), graph = Path.Combine(_folder, "model.onnx");
        _ml.Model.Save(model, data.Schema, zip);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(zip, _ml);
        float[][] scores = Scores(model, data);
        Assert.Equal(scores.SelectMany(row => row), Scores(loaded, data).SelectMany(row => row));

        model.SaveAsOnnx(graph);
        using var stock = _ml.Transforms.ApplyOnnxModel(["Score"], ["First", "Second"], graph).Fit(data);
        foreach ((float[] own, float[] others) in scores.Zip(stock.Transform(data).GetColumn<float[]>("Score")))
            Assert.All(own.Zip(others), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.Contains("column of second texts", CardOf(model), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_scores_of_a_view_can_be_asked_for()
    {
        Row[] rows = Draw(60, seed: 1);
        using EarlyReadoutTransformer model = Fit(rows);
        IDataView scored = model.Transform(View(rows));
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["First"]]); // one of the two texts
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        List<float> read = [];
        VBuffer<float> score = default;
        while (cursor.MoveNext())
        {
            getter(ref score);
            read.AddRange(score.DenseValues());
        }

        Assert.Equal(Scores(model, View(rows)).SelectMany(row => row), read);
    }

    [Fact]
    public void Pairs_that_are_cut_or_empty_are_counted()
    {
        Row[] rows = Draw(60, seed: 1);
        rows[7].First = string.Join(' ', Enumerable.Repeat("long", 50));
        (rows[8].First, rows[8].Second) = ("", " ");
        (rows[9].First, rows[9].Second) = ("", "not empty");
        using EarlyReadoutTransformer model = Fit(rows);
        Assert.Contains("1 of 60 pairs of texts of columns 'First' and 'Second' are cut to 24 tokens (Network.MaxTokens).", _log);
        Assert.Contains("1 of 60 pairs of texts of columns 'First' and 'Second' are empty.", _log);
    }

    [Fact]
    public void A_second_column_that_is_missing_or_holds_no_texts_or_stands_beside_numbers_is_refused()
    {
        Assert.StartsWith("The second-text column 'Third' is not in the data", Fault(options => options.SecondTextColumnName = "Third"),
            StringComparison.Ordinal);
        Assert.StartsWith("The second-text column 'Number' is of type Single; expected text.",
            Fault(options => options.SecondTextColumnName = "Number"), StringComparison.Ordinal);
        Assert.StartsWith("The text column 'Numbers' is of type Vector<Single, 2>; expected text.",
            Fault(options => options.TextColumnName = "Numbers"), StringComparison.Ordinal);

        string Fault(Action<EarlyReadoutEstimator.Options> change)
        {
            var options = new EarlyReadoutEstimator.Options();
            Set(options, epochs: 1);
            change(options);
            return Assert.Throws<ArgumentOutOfRangeException>(
                () => _ml.Transforms.EarlyReadout(options).Fit(View(Draw(20, seed: 1)))).Message;
        }
    }

    [Fact]
    public void Second_texts_without_first_ones_are_a_fault_of_the_options() =>
        Assert.Contains(
            "SecondTextColumnName is given, which needs TextColumnName.",
            Assert.Throws<ArgumentException>(
                () => _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { SecondTextColumnName = "Second" })).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Rows_without_the_second_column_are_not_scored()
    {
        using EarlyReadoutTransformer model = Fit(Draw(40, seed: 1));
        IDataView without = _ml.Transforms.DropColumns("Second").Fit(View(Draw(4, seed: 1))).Transform(View(Draw(4, seed: 1)));
        Assert.Contains("'Second'", Assert.Throws<ArgumentOutOfRangeException>(() => model.Transform(without)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_of_tokens_scores_the_models_own_tokens_alike()
    {
        Row[] rows = Draw(40, seed: 1);
        using EarlyReadoutTransformer model = Fit(rows);
        string path = Path.Combine(_folder, "tokens.onnx");
        model.SaveAsOnnx(path, fromTokens: true);
        using var session = new InferenceSession(path);
        Assert.Equal(["First.Tokens"], session.InputNames);
        BertTokenizer tokenizer = model.Columns.Tokenizer!;
        foreach ((Row row, float[] expected) in rows.Zip(Scores(model, View(rows))))
        {
            var tokens = new int[tokenizer.MaxTokens];
            tokenizer.Encode(row.First, row.Second, tokens);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(tokens, [1, tokens.Length]);
            using var options = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["First.Tokens"], [input], ["Score"]);
            Assert.All(outputs[0].GetTensorDataAsSpan<float>().ToArray().Zip(expected),
                pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Set(TrainerOptions options, int epochs)
    {
        (options.TextColumnName, options.SecondTextColumnName) = ("First", "Second");
        options.Network = new() { MaxTokens = 24, Encoder = { Layers = 2, Width = 32, Heads = 2 } };
        (options.Epochs, options.BatchSize, options.Optimizer.LearningRate) = (epochs, 16, 3e-3);
    }

    private static float[][] Scores(EarlyReadoutTransformer model, IDataView data) =>
        [.. model.Transform(data).GetColumn<float[]>("Score")];

    private EarlyReadoutTransformer Fit(Row[] rows, int epochs = 1)
    {
        var options = new EarlyReadoutEstimator.Options();
        Set(options, epochs);
        return _ml.Transforms.EarlyReadout(options).Fit(View(rows));
    }

    private string CardOf(EarlyReadoutTransformer model)
    {
        string path = Path.Combine(_folder, "card.md");
        model.SaveModelCard(path);
        return File.ReadAllText(path);
    }

    private IDataView View(Row[] rows) =>
        _ml.Transforms.Conversion.MapValueToKey("Label", "Answer").Fit(_ml.Data.LoadFromEnumerable(rows))
            .Transform(_ml.Data.LoadFromEnumerable(rows));

    /// <summary>Questions, and answers that say yes or no in other words.</summary>
    private static Row[] Draw(int count, int seed)
    {
        string[] yes = ["surely", "indeed", "gladly"], no = ["never", "hardly", "nowhere"];
        string[] other = ["we", "will", "see", "it", "there", "again", "soon"];
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Row
        {
            First = string.Join(' ', Enumerable.Range(0, random.Next(1, 9)).Select(_ => other[random.Next(other.Length)])),
            Second = $"{other[random.Next(other.Length)]} {(i % 2 == 0 ? yes : no)[random.Next(3)]} {other[random.Next(other.Length)]}",
            Answer = i % 2 == 0 ? "yes" : "no",
        })];
    }

    private sealed class Row
    {
        public string First { get; set; } = "";

        public string Second { get; set; } = "";

        public string Answer { get; set; } = "";

        public float Number { get; set; }

        [VectorType(2)]
        public float[] Numbers { get; set; } = [1, 2];
    }
}
