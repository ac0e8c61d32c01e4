using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Features most of which are zero: they are packed as what is not zero, and nothing else is different.</summary>
public sealed class SparseFeaturesTests : IDisposable
{
    private const int Wide = 4_000; // a batch has at most 16 × 7 numbers that are not zero: the network's first layer leaves out the others
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("sparse").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(ContractTrainer.Readouts)]
    [InlineData(ContractTrainer.Sieve)]
    [InlineData(ContractTrainer.Distillation)]
    public void Wide_sparse_rows_train_validate_resume_and_score_like_dense_ones(ContractTrainer trainer)
    {
        IDataView dense = View(), sparse = new SparseView(dense, "Vector");
        TrainerOptions options = trainer.Options(ContractInput.Vector);
        options.ValidationFraction = 0.2;
        using EarlyReadoutTransformer fromDense = options.Estimator(_ml).Fit(dense), fromSparse = options.Estimator(_ml).Fit(sparse);
        float[][] expected = Score(fromDense, dense);
        Assert.Equal(expected, Score(fromSparse, dense));
        Assert.Equal(expected, Score(fromDense, sparse));

        // A training that was stopped on the dense rows goes on with the sparse ones: they are the same data.
        options.CheckpointDirectory = _folder;
        options.Epochs = 3;
        using var stop = new CancellationTokenSource();
        options.CancellationToken = stop.Token;
        options.Progress = new StopAfter(2, stop);
        Assert.Throws<OperationCanceledException>(() => options.Estimator(_ml).Fit(dense));
        options.CancellationToken = default;
        options.Progress = null;
        using EarlyReadoutTransformer resumed = options.Estimator(_ml).Fit(sparse);
        Assert.Equal(expected, Score(resumed, sparse));
    }

    [Fact]
    public void Three_thousand_real_sentences_stay_in_a_few_mebibytes_and_are_learnt()
    {
        const int count = 3_000, budget = 8; // MiB
        IDataView text = _ml.Data.LoadFromEnumerable(Sentences(count));
        IDataView view = _ml.Transforms.Text.FeaturizeText("Features", "Text")
            .Append(_ml.Transforms.Conversion.MapValueToKey("Label", "Class"))
            .Fit(text).Transform(text);
        int size = ((VectorDataViewType)view.Schema["Features"].Type).Size;
        Assert.True((long)count * size * sizeof(float) > 10 * budget << 20, $"The rows are no test: {size} numbers each.");
        List<string> log = [];
        void Listen(object? _, LoggingEventArgs message) => log.Add(message.RawMessage);
        _ml.Log += Listen;
        var options = new EarlyReadoutEstimator.Options { Taps = [], MemoryBudgetMebibytes = budget, Network = { HiddenUnits = [16] } };
        (options.Epochs, options.BatchSize) = (3, 64);
        (options.Optimizer.Kind, options.Optimizer.LearningRate) = (OptimizerKind.AdamW, 0.01);
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(view);
        _ml.Log -= Listen;
        Assert.DoesNotContain(log, line => line.Contains("exceed the memory budget", StringComparison.Ordinal));
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(view)).MicroAccuracy > 0.7);
    }

    private static IEnumerable<Sentence> Sentences(int count)
    {
        using FileStream packed = File.OpenRead(RealData.Path("nli/mnli-dev.jsonl.gz"));
        using var file = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        List<Sentence> sentences = [];
        while (sentences.Count < count && file.ReadLine() is { } line)
        {
            using JsonDocument row = JsonDocument.Parse(line);
            JsonElement pair = row.RootElement;
            sentences.Add(
                new Sentence { Text = pair.GetProperty("hypothesis").GetString()!, Class = pair.GetProperty("label").ToString() });
        }

        return sentences;
    }

    // The class is in which half of the numbers most of those that are not zero lie.
    private IDataView View()
    {
        var random = new Random(7);
        WideRow[] rows = [.. Enumerable.Range(0, 90).Select(i =>
        {
            var row = new WideRow { Class = i % 2 == 0 ? "left" : "right", TeacherScore = [1 - (i % 2), i % 2] };
            for (int n = 0; n < 6; n++) row.Vector[random.Next(Wide / 2) + (Wide / 2 * (i % 2))] = random.NextSingle() + 0.5f;
            row.Vector[random.Next(Wide)] = random.NextSingle();
            return row;
        })];
        IDataView view = _ml.Data.LoadFromEnumerable(rows);
        return _ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(view).Transform(view);
    }

    private static float[][] Score(EarlyReadoutTransformer model, IDataView view) => [.. model.Transform(view).GetColumn<float[]>("Score")];

    private sealed class StopAfter(int epoch, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Epoch >= epoch) stop.Cancel();
        }
    }

    private sealed class WideRow
    {
        [VectorType(Wide)]
        public float[] Vector { get; set; } = new float[Wide];

        public string Class { get; set; } = "";

        [VectorType(2)]
        public float[] TeacherScore { get; set; } = [];
    }

    private sealed class Sentence
    {
        public string Text { get; set; } = "";

        public string Class { get; set; } = "";
    }
}
