using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>What every estimator of the library promises, over every kind of feature column.</summary>
/// <remarks>Alone in the process, as <see cref="TrainersTests"/> are, and for their reason.</remarks>
[Collection(nameof(TrainersTests))]
public sealed class EstimatorContractTests(EstimatorContractTests.Fitted fitted) : IClassFixture<EstimatorContractTests.Fitted>
{
    private const int Rows = 90;
    private const float Rounding = 1e-6f; // of probabilities, between batches of other sizes
    private readonly MLContext _ml = new(seed: 1);

    public static MatrixTheoryData<ContractTrainer, ContractInput> Cases =>
        new(Enum.GetValues<ContractTrainer>(), Enum.GetValues<ContractInput>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_schema_that_is_promised_is_delivered(ContractTrainer trainer, ContractInput input)
    {
        foreach (string label in new[] { "Text", "Number" })
        {
            IDataView view = View(Rows, label: label);
            IEstimator<EarlyReadoutTransformer> estimator = Options(trainer, input).Estimator(_ml);
            using EarlyReadoutTransformer model = estimator.Fit(view);
            string[] delivered = Describe(SchemaShapes.Of(model.Transform(view).Schema));
            Assert.Equal(delivered, Describe(estimator.GetOutputSchema(SchemaShapes.Of(view.Schema))));
            Assert.Equal(delivered, Describe(SchemaShapes.Of(model.GetOutputSchema(view.Schema))));
        }

        static string[] Describe(SchemaShape shape) =>
            [.. shape.Order(Comparer<SchemaShape.Column>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name))).Select(column =>
                $"{column.Name} {column.Kind} {column.ItemType} key:{column.IsKey} "
                    + string.Join(
                        ",",
                        column.Annotations.Select(note => $"{note.Name} {note.Kind} {note.ItemType}").Order(StringComparer.Ordinal)))];
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_bad_schema_fails_in_the_promise_and_in_the_fit_with_the_columns_name(ContractTrainer trainer, ContractInput input)
    {
        IDataView good = View(Rows);
        Fails("Nowhere", good, options => options.FeatureColumnName = "Nowhere");
        Fails("Place", good, options => options.FeatureColumnName = "Place");
        Fails("Nowhere", good, options => options.LabelColumnName = "Nowhere");
        Fails("Text", good, options => options.LabelColumnName = "Text");
        Fails("Number", good, options => options.LabelColumnName = "Number");
        Fails("Nowhere", good, options => options.GroupColumnName = "Nowhere");
        Fails("Vector", good, options => options.GroupColumnName = "Vector");
        if (trainer == ContractTrainer.Distillation)
        {
            Fails("Nowhere", good, options => Teacher(options).ScoreColumnName = "Nowhere");
            Fails("Place", good, options => Teacher(options).ScoreColumnName = "Place");
            Fails("Number", good, options => Teacher(options).ScoreColumnName = "Number");
            Fails("Place", good, options =>
            {
                ((DebiasedDistillationTrainer.Options)options).Method = DistillationMethod.SimKD;
                Teacher(options).FeatureColumnName = "Place";
            });
        }

        void Fails(string column, IDataView view, Action<TrainerOptions> change)
        {
            TrainerOptions options = Options(trainer, input);
            change(options);
            IEstimator<EarlyReadoutTransformer> estimator = options.Estimator(_ml);
            var promise = Assert.Throws<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(SchemaShapes.Of(view.Schema)));
            var fit = Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Fit(view));
            Assert.Contains($"'{column}'", promise.Message, StringComparison.Ordinal);
            Assert.Contains($"'{column}'", fit.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_bad_schema_fails_in_the_transform_before_a_row_is_read(ContractTrainer trainer, ContractInput input)
    {
        EarlyReadoutTransformer model = fitted.Model(trainer, input);
        string feature = model.FeatureColumnName;
        IDataView good = View(3);
        foreach (IDataView bad in new[]
        {
            _ml.Transforms.DropColumns(feature).Fit(good).Transform(good),
            _ml.Transforms.CopyColumns(feature, "Place").Fit(good).Transform(good),
            _ml.Transforms.CopyColumns(feature, "TeacherScore").Fit(good).Transform(good),
            _ml.Transforms.ResizeImages(feature, 9, 9, "Images").Fit(good).Transform(good),
        })
        {
            foreach (Action use in new Action[]
            {
                () => model.Transform(bad),
                () => model.GetOutputSchema(bad.Schema),
                () => ((ITransformer)model).GetRowToRowMapper(bad.Schema),
            })
                Assert.Contains($"'{feature}'", Assert.Throws<ArgumentOutOfRangeException>(use).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Fitting_changes_no_option_and_later_changes_change_no_fit(ContractTrainer trainer, ContractInput input)
    {
        IDataView view = View(Rows), validation = View(30, seed: 2);
        TrainerOptions options = Options(trainer, input);
        (options.ValidationSet, options.GroupColumnName, options.Selection) = (validation, "Place", SelectionMetric.WorstGroupAccuracy);
        string before = Json(options);
        IEstimator<EarlyReadoutTransformer> estimator = options.Estimator(_ml);
        float[][] first = FitAndScore(estimator, view);
        Assert.Equal(before, Json(options));
        Assert.Same(validation, options.ValidationSet);

        (options.Epochs, options.Optimizer.LearningRate, options.Network.HiddenUnits[0], options.Network.Channels[0],
        options.ScoreColumnName) = (1, 1e-6, 3, 3, "Other");
        Assert.Equal(first, FitAndScore(estimator, view));

        static string Json(TrainerOptions options) => JsonSerializer.Serialize(options, options.GetType());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Fitting_twice_gives_equal_scores_and_another_seed_gives_others(ContractTrainer trainer, ContractInput input)
    {
        IDataView view = View(Rows);
        TrainerOptions options = Options(trainer, input);
        float[][] first = Score(fitted.Model(trainer, input), view);
        Assert.Equal(first, FitAndScore(options.Estimator(_ml), view));
        options.Seed = 77;
        float[][] other = FitAndScore(options.Estimator(_ml), view);
        Assert.NotEqual(first, other);
        options.Seed = null;
        Assert.Equal(other, FitAndScore(options.Estimator(new MLContext(seed: 77)), view));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Two_trainers_on_two_threads_share_their_options(ContractTrainer trainer, ContractInput input)
    {
        TrainerOptions options = Options(trainer, input);
        float[][] alone = Score(fitted.Model(trainer, input), View(Rows));
        var together = new float[2][][];
        Thread[] threads =
        [
            .. Enumerable.Range(0, 2).Select(i => new Thread(() => together[i] = FitAndScore(options.Estimator(_ml), View(Rows)))),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(alone, together[0]);
        Assert.Equal(alone, together[1]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Scores_are_the_same_whole_row_by_row_in_any_order_and_in_any_batch(ContractTrainer trainer, ContractInput input)
    {
        const int count = 300; // more than one batch, and a short one
        EarlyReadoutTransformer model = fitted.Model(trainer, input);
        ContractRow[] rows = ContractRow.Draw(count, seed: 5);
        float[][] whole = Score(model, ContractRow.View(_ml, rows));
        Assert.Equal(count, whole.Length);
        Assert.True(
            whole.Select(score => Array.IndexOf(score, score.Max())).Distinct().Count() > 1,
            "The rows are no test: all have the same answer.");

        int[] order = [.. Enumerable.Range(0, count)];
        new Random(3).Shuffle(order);
        AssertClose([.. order.Select(i => whole[i])], Score(model, ContractRow.View(_ml, order.Select(i => rows[i]))));
        foreach (int batch in new[] { 1, 2, 7, 299 })
            for (int start = 0; start < Math.Min(count, 4 * batch); start += batch)
                AssertClose(
                    whole[start..Math.Min(start + batch, count)],
                    Score(model, ContractRow.View(_ml, rows[start..Math.Min(start + batch, count)])));

        using PredictionEngine<ContractRow, Answer> engine = _ml.Model.CreatePredictionEngine<ContractRow, Answer>(
            model, new PredictionEngineOptions { OwnsTransformer = false });
        ContractRow[] again = ContractRow.Draw(count, seed: 5); // ML.NET's ExtractPixels uses an image up
        AssertClose(whole[..20], [.. again.Take(20).Select(row => engine.Predict(row).Score)]);
    }

    [Theory]
    [InlineData(ContractTrainer.Readouts, ContractInput.Vector)]
    [InlineData(ContractTrainer.Readouts, ContractInput.Pixels)]
    [InlineData(ContractTrainer.Sieve, ContractInput.Vector)]
    [InlineData(ContractTrainer.Sieve, ContractInput.Pixels)]
    [InlineData(ContractTrainer.Distillation, ContractInput.Vector)]
    [InlineData(ContractTrainer.Distillation, ContractInput.Pixels)]
    public void Sparse_rows_train_and_score_like_dense_ones(ContractTrainer trainer, ContractInput input)
    {
        IDataView dense = View(Rows);
        IDataView sparse = new SparseView(dense, input.ToString());
        IEstimator<EarlyReadoutTransformer> estimator = Options(trainer, input).Estimator(_ml);
        using EarlyReadoutTransformer fromDense = estimator.Fit(dense), fromSparse = estimator.Fit(sparse);
        float[][] expected = Score(fromDense, dense);
        Assert.Equal(expected, Score(fromDense, sparse));
        Assert.Equal(expected, Score(fromSparse, dense));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_row_is_trained_on_in_every_epoch_and_counts_in_validation_short_last_batches_too(
        ContractTrainer trainer, ContractInput input)
    {
        IDataView view = View(Rows), validation = View(37, seed: 2);
        TrainerOptions options = Options(trainer, input);
        RowCountingNetwork? network = null;
        options.Network.Custom = (shape, classes) => network = new RowCountingNetwork(shape, classes);
        options.ValidationSet = validation;
        if (options is FeatureSieveTrainer.Options sieve) sieve.ForgetEvery = 0; // a forgetting step runs the network once more
        string log = "";
        void Listen(object? _, LoggingEventArgs message) => log += message.Message + "\n";
        _ml.Log += Listen;
        using EarlyReadoutTransformer model = options.Estimator(_ml).Fit(view);
        _ml.Log -= Listen;
        int[] sizes = [16, 16, 16, 16, 16, 10];
        Assert.Equal(
            Enumerable.Repeat(sizes, options.Epochs!.Value).SelectMany(size => size),
            network!.TrainedBatches.Select(batch => batch.Length));
        string[][] epochs =
            [.. network.TrainedBatches.Chunk(sizes.Length).Select(batches => batches.SelectMany(batch => batch).ToArray())];
        Assert.All(epochs, seen => Assert.Equal(Rows, seen.Distinct().Count())); // none twice, so each of them
        Assert.NotEqual(epochs[0], epochs[1]);
        Assert.Equal(epochs[0].Order(StringComparer.Ordinal), epochs[1].Order(StringComparer.Ordinal));

        double accuracy = _ml.MulticlassClassification.Evaluate(model.Transform(validation)).MicroAccuracy;
        double best = Regex.Matches(log, @"validation AverageAccuracy ([01]\.\d{4})")
            .Max(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.Equal(accuracy, best, 4);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_constant_feature_trains_and_scores(ContractTrainer trainer, ContractInput input)
    {
        IDataView view = ContractRow.View(_ml, ContractRow.Draw(Rows, constant: true));
        float[][] scores = FitAndScore(Options(trainer, input).Estimator(_ml), view);
        Assert.All(scores, score => Assert.Equal(1, score.Sum(), 1e-5f));
        Assert.True(scores.Select(score => score[0]).Distinct().Count() > 1);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Labels_come_back_as_they_went_in_text_number_or_bool(ContractTrainer trainer, ContractInput input)
    {
        AssertLabels("Text", row => row.Text);
        AssertLabels("Number", row => row.Number);
        AssertLabels("Flag", row => row.Flag);

        void AssertLabels<T>(string label, Func<ContractRow, T> value)
        {
            ContractRow[] rows = ContractRow.Draw(Rows);
            IDataView view = ContractRow.View(_ml, rows, label);
            TrainerOptions options = Options(trainer, input);
            if (label == "Flag" && trainer == ContractTrainer.Distillation) Teacher(options).ScoreColumnName = "TeacherOfFlag";
            using EarlyReadoutTransformer? fresh = label == "Text" ? null : options.Estimator(_ml).Fit(view);
            EarlyReadoutTransformer model = fresh ?? fitted.Model(trainer, input);
            using TransformerChain<ITransformer> stock = Reload(model, view.Schema, new MemoryStream());
            foreach (ITransformer scorer in new ITransformer[] { model, stock })
            {
                IDataView scored = scorer.Transform(ContractRow.View(_ml, ContractRow.Draw(Rows), label));
                T[] answers = [.. _ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel")
                    .Fit(scored)
                    .Transform(scored)
                    .GetColumn<T>("Answer")];
                Assert.All(answers, answer => Assert.Contains(answer, rows.Select(value)));
                Assert.True(
                    answers.Zip(rows, (answer, row) => answer!.Equals(value(row))).Count(right => right) > Rows / 2, "worse than guessing");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_culture_changes_nothing(ContractTrainer trainer, ContractInput input)
    {
        IDataView view = View(Rows, label: "Number");
        float[][] expected = FitAndScore(Options(trainer, input).Estimator(_ml), view);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("tr-TR"); // 1,5 for 1.5, and I and i are letters of two kinds
            TrainerOptions options = Options(trainer, input);
            options = (TrainerOptions)JsonSerializer.Deserialize(JsonSerializer.Serialize(options, options.GetType()), options.GetType())!;
            using EarlyReadoutTransformer model = options.Estimator(_ml).Fit(view);
            Assert.Equal(expected, Score(model, view));
            Assert.Equal(["-1.5", "-0.5", "0.5"], model.ClassNames);
            using TransformerChain<ITransformer> stock = Reload(model, view.Schema, new MemoryStream());
            AssertClose(expected, Score(stock, View(Rows, label: "Number")));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_model_goes_through_streams_that_cannot_seek(ContractTrainer trainer, ContractInput input)
    {
        EarlyReadoutTransformer model = fitted.Model(trainer, input);
        using var bytes = new MemoryStream();
        _ml.Model.Save(model, View(3).Schema, new ForwardOnlyStream(bytes));
        bytes.Position = 0;
        using var loaded = (TransformerChain<ITransformer>)_ml.Model.Load(new ForwardOnlyStream(bytes), out _);
        AssertClose(Score(model, View(40)), Score(loaded, View(40)));

        using MemoryStream onnx = new(), expected = new();
        model.SaveAsOnnx(new ForwardOnlyStream(onnx));
        model.SaveAsOnnx(expected);
        Assert.Equal(expected.ToArray(), onnx.ToArray());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Paths_and_columns_may_have_any_letters(ContractTrainer trainer, ContractInput input)
    {
        string folder = Path.Combine(Directory.CreateTempSubdirectory("contract").FullName, "모델 żółw 🐢");
        Directory.CreateDirectory(folder);
        TrainerOptions options = Options(trainer, input);
        (options.FeatureColumnName, options.LabelColumnName, options.ScoreColumnName) = ("特徴 🐢", "标签", "Wértung");
        IDataView Named(int count) =>
            _ml.Transforms.CopyColumns("特徴 🐢", input.ToString())
                .Append(_ml.Transforms.CopyColumns("标签", "Label"))
                .Fit(View(count))
                .Transform(View(count));
        using EarlyReadoutTransformer model = options.Estimator(_ml).Fit(Named(Rows));
        float[][] expected = Score(model, Named(40), "Wértung");

        string zip = Path.Combine(folder, "öğrenci.zip"), onnx = Path.Combine(folder, "öğrenci.onnx");
        _ml.Model.Save(model, Named(3).Schema, zip);
        using var stock = (TransformerChain<ITransformer>)_ml.Model.Load(zip, out _);
        AssertClose(expected, Score(stock, Named(40), "Wértung"));
        model.SaveAsOnnx(onnx);
        using (var session = new InferenceSession(onnx)) Assert.Contains("Wértung", session.OutputNames);
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    private IDataView View(int count, int seed = 1, string label = "Text") => ContractRow.View(_ml, ContractRow.Draw(count, seed), label);

    private static TrainerOptions Options(ContractTrainer trainer, ContractInput input) => trainer.Options(input);

    private static TeacherOptions Teacher(TrainerOptions options) => ((DebiasedDistillationTrainer.Options)options).Teacher;

    private static float[][] FitAndScore(IEstimator<EarlyReadoutTransformer> estimator, IDataView view)
    {
        using EarlyReadoutTransformer model = estimator.Fit(view);
        return Score(model, view);
    }

    private static float[][] Score(ITransformer model, IDataView view, string column = "Score") =>
        [.. model.Transform(view).GetColumn<float[]>(column)];

    private TransformerChain<ITransformer> Reload(ITransformer model, DataViewSchema schema, Stream stream)
    {
        _ml.Model.Save(model, schema, stream);
        stream.Position = 0;
        return (TransformerChain<ITransformer>)_ml.Model.Load(stream, out _);
    }

    private static void AssertClose(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(
            expected.Zip(actual), row => Assert.All(row.First.Zip(row.Second), score => Assert.Equal(score.First, score.Second, Rounding)));
    }

    /// <summary>One fitted model for each case, made from seed 1: for tests of scoring, and what other fits are compared with.</summary>
    public sealed class Fitted : IDisposable
    {
        private readonly Dictionary<(ContractTrainer, ContractInput), EarlyReadoutTransformer> _models = [];

        public EarlyReadoutTransformer Model(ContractTrainer trainer, ContractInput input)
        {
            if (_models.TryGetValue((trainer, input), out EarlyReadoutTransformer? model)) return model;
            var ml = new MLContext(seed: 1);
            return _models[(trainer, input)] = trainer.Options(input).Estimator(ml).Fit(ContractRow.View(ml, ContractRow.Draw(Rows)));
        }

        public void Dispose()
        {
            foreach (EarlyReadoutTransformer model in _models.Values) model.Dispose();
        }
    }

    private sealed class Answer
    {
        public float[] Score { get; set; } = [];
    }
}
