using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A model, fitted or loaded, is read stage by stage as it is.</summary>
public sealed class StageProfileTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("stages").FullName;

    [Fact]
    public void A_loaded_model_tells_what_it_has_learned_at_every_stage_and_nothing_of_a_column_of_noise()
    {
        IDataView train = Rows(300, seed: 1), test = Rows(200, seed: 2);
        using EarlyReadoutTransformer fitted = Fit(train);
        string zip = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(fitted, train.Schema, zip);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(zip, _ml);

        StageProfile profile = _ml.MulticlassClassification.ProfileStages(loaded, train, test, "Label", "Noise");

        Assert.Equal(
            _ml.MulticlassClassification.ProfileStages(fitted, train, test, "Label", "Noise").ToString(), profile.ToString());
        Assert.Equal(["Label", "Noise"], profile.ColumnNames);
        Assert.Equal(
            [(0, "stem"), (1, "stage1"), (2, "stage2")], profile.ResultsOf("Label").Select(result => (result.Stage, result.StageName)));
        Assert.All(profile.ResultsOf("Label"), result => Assert.True(result.Accuracy > 0.95, $"{result}"));
        Assert.All(profile.ResultsOf("Noise"), result => Assert.InRange(result.Accuracy, 0.3, 0.7));
        Assert.All(profile.Results, result =>
        {
            Assert.Equal(200, result.RowCount);
            Assert.InRange(result.Accuracy, result.AccuracyInterval.Low, result.AccuracyInterval.High);
        });
    }

    [Fact]
    public void The_report_shows_what_the_stages_tell()
    {
        IDataView train = Rows(120, seed: 1), test = Rows(60, seed: 2);
        using EarlyReadoutTransformer model = Fit(train);
        StageProfile profile = _ml.MulticlassClassification.ProfileStages(model, train, test, "Noise");
        string html = _ml.MulticlassClassification.CreateReport(test, [new("it", model) { Stages = profile }]).Html;
        Assert.Contains("What each stage tells", html, StringComparison.Ordinal);
        Assert.Contains("2 stage2", html, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "What each stage tells", _ml.MulticlassClassification.CreateReport(test, [new("it", model)]).Html, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_decoded_is_named()
    {
        IDataView train = Rows(60, seed: 1);
        using EarlyReadoutTransformer model = Fit(train);
        Assert.Contains("'Nowhere'", Assert.Throws<ArgumentOutOfRangeException>(() => Ask("Nowhere")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'Same' has 1 values", Assert.Throws<InvalidOperationException>(() => Ask("Same")).Message, StringComparison.Ordinal);
        Assert.Contains("Name at least one column", Assert.Throws<ArgumentException>(() => Ask()).Message, StringComparison.Ordinal);

        void Ask(params string[] columns) => _ml.MulticlassClassification.ProfileStages(model, train, train, columns);
    }

    [Theory]
    [InlineData(false)] // among the test rows
    [InlineData(true)] // after the last of them, before the first logistic regression
    public void A_token_and_the_context_stop_a_profile_as_it_reads_and_before_it_decodes(bool readsAll)
    {
        IDataView train = Rows(60, seed: 1);
        using EarlyReadoutTransformer model = Fit(train);
        int rows = model.Session.BatchRows, read = 0; // none is left after the last batch, whose computation would stop it
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => _ml.MulticlassClassification.ProfileStages(
            model, train, _ml.Data.LoadFromEnumerable(Stopping(stop.Cancel)), ["Noise"], stop.Token));
        Assert.Equal(readsAll ? rows : 31, read);

        var context = new MLContext(seed: 1);
        // What AutoML calls at the end of a trial's time; ML.NET keeps it internal.
        MethodInfo cancel = typeof(MLContext).GetMethod(
            "CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
        Assert.Throws<OperationCanceledException>(() => context.MulticlassClassification.ProfileStages(
            model, train, _ml.Data.LoadFromEnumerable(Stopping(() => cancel.Invoke(context, null))), "Noise"));
        Assert.Equal(readsAll ? rows : 31, read);

        IEnumerable<Row> Stopping(Action cancelled)
        {
            read = 0;
            foreach (Row row in Draw(rows, seed: 2))
            {
                if (++read == 31 && !readsAll) cancelled();
                yield return row;
            }

            if (readsAll) cancelled();
        }
    }

    [Fact]
    public void The_weights_of_a_loaded_model_are_read_as_they_are_by_new_readouts()
    {
        IDataView train = Rows(120, seed: 1);
        string zip = Path.Combine(_folder, "model.zip"), weights = Path.Combine(_folder, "weights.safetensors");
        float[] expected;
        using (EarlyReadoutTransformer fitted = Fit(train))
        {
            expected = Scores(fitted);
            _ml.Model.Save(fitted, train.Schema, zip);
        }

        using (EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(zip, _ml)) loaded.SaveWeights(weights);
        EarlyReadoutEstimator.Options options = Options();
        options.Network.WeightsPath = weights;
        (options.TrainedPart, options.Epochs) = (TrainedPart.None, null);
        options.Taps = [new() { Stage = 1 }];
        using EarlyReadoutTransformer diagnosed = _ml.Transforms.EarlyReadout(options).Fit(train);
        Assert.Equal(["Readout1"], diagnosed.ReadoutNames);
        Assert.All(expected.Zip(Scores(diagnosed)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));

        float[] Scores(ITransformer model) => [.. model.Transform(train).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IDataView Rows(int count, int seed)
    {
        IDataView view = _ml.Data.LoadFromEnumerable(Draw(count, seed));
        return _ml.Transforms.Conversion.MapValueToKey("Label", nameof(Row.Class)).Fit(view).Transform(view);
    }

    private static Row[] Draw(int count, int seed)
    {
        var random = new Random(seed + 100);
        return
        [
            .. Picture.Draw(count, seed).Select(picture => new Row
            {
                Pixels = picture.Pixels,
                Class = picture.Class,
                Noise = random.Next(2) == 0 ? "heads" : "tails",
            }),
        ];
    }

    private EarlyReadoutTransformer Fit(IDataView rows) => _ml.Transforms.EarlyReadout(Options()).Fit(rows);

    private static EarlyReadoutEstimator.Options Options() => new()
    {
        FeatureColumnName = "Pixels",
        Network = { Kind = NetworkKind.ConvNet, Channels = [4, 8] },
        Taps = [],
        Epochs = 3,
        Seed = 2,
    };

    private sealed class Row
    {
        [VectorType(3, Picture.Side, Picture.Side)]
        public float[] Pixels { get; set; } = [];

        public string Class { get; set; } = "";

        public string Noise { get; set; } = "";

        public string Same { get; set; } = "one";
    }
}
