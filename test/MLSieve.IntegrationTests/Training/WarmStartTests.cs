using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>Trainings that begin with the weights of a model.</summary>
public sealed class WarmStartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("warm-").FullName;
    private readonly MLContext _ml = new(seed: 1);
    private readonly EarlyReadoutTransformer _first;

    public WarmStartTests() => _first = Fit(Options(steps: 60, rate: 0.1));

    public void Dispose()
    {
        _first.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_training_begins_where_the_model_ended_in_memory_or_from_its_file(bool saved)
    {
        string path = Path.Combine(_folder, "model.zip");
        IDataView rows = TrainingCase.Rows(_ml);
        _ml.Model.Save(_first, rows.Schema, path);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(path);
        EarlyReadoutEstimator.Options options = Options(steps: 1, rate: 1e-30); // it stays where it begins
        using EarlyReadoutTransformer cold = Fit(options);
        options.StartFrom = saved ? loaded : _first;
        using EarlyReadoutTransformer warm = Fit(options);
        Assert.All(TrainingCase.Scores(_first).Zip(TrainingCase.Scores(warm)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.True(TrainingCase.Scores(_first).Zip(TrainingCase.Scores(cold)).Max(pair => Math.Abs(pair.First - pair.Second)) > 0.1);
    }

    [Fact]
    public void A_sieve_may_begin_with_a_plainly_trained_network()
    {
        var options = new FeatureSieveTrainer.Options { Network = { HiddenUnits = [16, 16] }, Steps = 3, StartFrom = _first };
        using EarlyReadoutTransformer model = Fit(options);
        Assert.Equal("0.001", model.History.Settings["Optimizer.LearningRate"]); // that of pretrained weights
    }

    [Fact]
    public void A_ResNet_has_the_stem_of_the_model_that_it_starts_from_and_another_one_is_refused()
    {
        var random = new Random(1);
        IDataView view = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 16).Select(i => new Large
        {
            Pixels = [.. Enumerable.Range(0, 3 * Large.Side * Large.Side).Select(_ => (float)random.Next(256))],
            Label = i % 2 == 0,
        }).ToArray());
        view = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
        var options = new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Kind = NetworkKind.ResNet18, Stem = ResNetStem.ImageNet }, // so small images would have the other one
            Taps = [],
            Steps = 1,
            BatchSize = 8,
        };
        using EarlyReadoutTransformer first = _ml.Transforms.EarlyReadout(options).Fit(view);
        (options.StartFrom, options.Network.Stem) = (first, ResNetStem.Automatic);
        using EarlyReadoutTransformer second = _ml.Transforms.EarlyReadout(options).Fit(view);
        Assert.Equal([64, 3, 7, 7], second.Weights.Tensors.Single(tensor => tensor.Name == "conv1.weight").Shape);
        options.Network.Stem = ResNetStem.Small;
        Assert.Equal(
            "Network.Stem is Small, and the weights that the network begins with have the stem ImageNet. Leave Network.Stem at "
                + "Automatic: then the weights say which.",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(view)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_stages_of_a_student_with_its_teachers_classifier_begin_a_training_from_the_model_or_its_file(bool saved)
    {
        TrainerOptions distillation = TrainingCase.Options("SimKD");
        distillation.Network = new NetworkOptions { HiddenUnits = [16, 16] };
        using EarlyReadoutTransformer student = Fit(distillation);
        Assert.DoesNotContain(student.Weights.Tensors, tensor => tensor.Name.StartsWith("head.", StringComparison.Ordinal));
        EarlyReadoutEstimator.Options options = Options(steps: 1, rate: 1e-30); // it stays where it begins
        if (saved)
        {
            options.Network.WeightsPath = Path.Combine(_folder, "student.safetensors");
            student.SaveWeights(options.Network.WeightsPath);
        }
        else
        {
            options.StartFrom = student;
        }

        List<string> log = [];
        _ml.Log += (_, line) => log.Add(line.RawMessage);
        using EarlyReadoutTransformer next = Fit(options);
        Assert.Single(log, line => line.Contains(" has another classifier ('other_head.simkd.", StringComparison.Ordinal)
            && line.EndsWith("in the place of the network's own ('head'), which starts with fresh weights.", StringComparison.Ordinal));
        Dictionary<string, TrainedTensor> before = student.Weights.Tensors.ToDictionary(tensor => tensor.Name);
        Assert.Equal(
            ["head.bias", "head.weight", "stage1.bias", "stage1.weight", "stage2.bias", "stage2.weight"],
            next.Weights.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (TrainedTensor tensor in next.Weights.Tensors.Where(tensor => tensor.Name.StartsWith("stage", StringComparison.Ordinal)))
            Assert.Equal(before[tensor.Name].Bytes, tensor.Bytes);
    }

    [Fact]
    public void Another_network_is_refused_with_the_difference()
    {
        EarlyReadoutEstimator.Options options = Options(steps: 1, rate: 0.1);
        (options.StartFrom, options.Network.HiddenUnits) = (_first, [16, 8]);
        string message = Assert.Throws<ArgumentException>(() => Fit(options)).Message;
        Assert.Matches(@"^StartFrom is not the Mlp that this training builds: its '.*' is \(.*\) and not \(.*\)\.$", message);
    }

    [Fact]
    public void Another_kind_of_features_is_refused_with_the_difference()
    {
        ContractRow[] rows = ContractRow.Draw(60);
        TrainerOptions options = ContractTrainer.Readouts.Options(ContractInput.Pixels);
        IDataView view = ContractRow.View(_ml, rows);
        using EarlyReadoutTransformer images = options.Estimator(_ml).Fit(view);
        TrainerOptions vectors = ContractTrainer.Readouts.Options(ContractInput.Vector);
        vectors.StartFrom = images;
        string message = Assert.Throws<ArgumentException>(() => vectors.Estimator(_ml).Fit(view)).Message;
        Assert.Matches("^StartFrom is the network .*, for features of type .*; this training builds .*, for .*\\.$", message);
    }

    [Fact]
    public void Another_normalisation_of_vectors_is_refused_with_both()
    {
        EarlyReadoutEstimator.Options options = Options(steps: 1, rate: 0.1);
        (options.StartFrom, options.Network.Input.Scale) = (_first, [0.5f]);
        Assert.Equal(
            "StartFrom was trained with another Network.Input: Mean 0, Scale 1. Here it is Mean 0, Scale 0.5, by which the network would "
                + "see other numbers than those that its weights are for; give the same.",
            Assert.Throws<ArgumentException>(() => Fit(options)).Message);
        (options.Network.Input.Mean, options.Network.Input.Scale) = ([0, 0, 0], [1, 1, 1]);
        Assert.Contains("Network.Input.Mean has 3 values", Assert.Throws<ArgumentException>(() => Fit(options)).Message,
            StringComparison.Ordinal);
        (options.Network.Input.Mean, options.Network.Input.Scale) = ([0], [1]); // as it is without
        Fit(options).Dispose();
    }

    [Fact]
    public void Another_normalisation_of_images_is_refused_with_both()
    {
        IDataView view = ContractRow.View(_ml, ContractRow.Draw(60));
        TrainerOptions options = ContractTrainer.Readouts.Options(ContractInput.Pixels);
        using EarlyReadoutTransformer images = options.Estimator(_ml).Fit(view);
        options.StartFrom = images;
        options.Network.Input.Mean = [100];
        string message = Assert.Throws<ArgumentException>(() => options.Estimator(_ml).Fit(view)).Message;
        Assert.Matches(
            @"^StartFrom was trained with another Network\.Input: Mean .*, ValueRange \w+\. Here it is Mean 100, .*; give the same\.$",
            message);
    }

    [Theory]
    [InlineData(ValueRange.ZeroTo255, 127.5f, 1 / 127.5f, true)] // black to -1, white to 1, as from 0 to 1
    [InlineData(ValueRange.ZeroToOne, 0.5f, 2, true)]
    [InlineData(ValueRange.ZeroToOne, 127.5f, 1 / 127.5f, false)]
    [InlineData(ValueRange.ZeroTo255, 127.5f, 1 / 120f, false)]
    [InlineData(ValueRange.ZeroTo255, 120, 1 / 127.5f, false)]
    public void Normalisations_are_alike_if_black_and_white_become_the_same(ValueRange range, float mean, float scale, bool alike)
    {
        InputNormalization unit = new([0.5f, 0.5f, 0.5f], [2], ChannelOrder.Rgb, new PixelRange(ValueRange.ZeroToOne, 0, 1));
        InputNormalization other = new(
            [mean], [scale], ChannelOrder.Rgb, range == ValueRange.ZeroToOne ? unit.Pixels : PixelRange.Bytes);
        Assert.Equal(alike, unit.IsLike(other));
        Assert.Equal(alike, other.IsLike(unit));
        Assert.False(unit.IsLike(other with { Order = ChannelOrder.Bgr }));
    }

    [Fact]
    public void Other_classes_are_refused_with_their_names()
    {
        EarlyReadoutEstimator.Options options = Options(steps: 1, rate: 0.1);
        options.StartFrom = _first;
        IDataView numbers = BiasedRow.View(_ml, count: 100, label: nameof(BiasedRow.Number));
        string message = Assert.Throws<ArgumentException>(() => options.Estimator(_ml).Fit(numbers)).Message;
        Assert.StartsWith("StartFrom has 4 classes ('quarter 0', ", message, StringComparison.Ordinal);
        Assert.Contains("the training data 4 ('0', '10', '20', '30')", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_a_training_that_began_otherwise_is_told_apart()
    {
        EarlyReadoutEstimator.Options options = Options(steps: 3, rate: 0.1);
        (options.StartFrom, options.CheckpointDirectory) = (_first, _folder);
        options.Schedule.Kind = ScheduleKind.Constant;
        using EarlyReadoutTransformer second = Fit(options);
        options.StartFrom = second;
        Assert.StartsWith(
            "the weights that it starts from was ",
            Assert.Single(Assert.Throws<CheckpointMismatchException>(() => Fit(options)).Differences), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_weights_is_not_given_with_it()
    {
        EarlyReadoutEstimator.Options options = Options(steps: 1, rate: 0.1);
        string path = Path.Combine(_folder, "weights.safetensors");
        _first.SaveWeights(path);
        (options.StartFrom, options.Network.WeightsPath) = (_first, path);
        Assert.Contains(
            "StartFrom and Network.WeightsPath are both given; give one.",
            Assert.Throws<ArgumentException>(() => Fit(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipeline_is_refused_with_all_other_faults_when_a_trainer_or_a_search_is_made()
    {
        const string fault = "StartFrom is a TransformerChain`1; give the model itself: EarlyReadoutTransformer.From(pipeline), or "
            + "Load(path).";
        EarlyReadoutEstimator.Options options = Options(steps: 1, rate: 0.1);
        (options.StartFrom, options.BatchSize) = (new TransformerChain<EarlyReadoutTransformer>(_first), 0);
        Assert.Equal(
            $"EarlyReadoutEstimator.Options has 2 faults:\n- {fault}\n- BatchSize is 0; it must be at least 1.",
            Assert.Throws<ArgumentException>(() => options.Estimator(_ml)).Message.ReplaceLineEndings("\n"));
        Assert.Contains(
            $"- Trainer: {fault}",
            Assert.Throws<ArgumentException>(
                () => _ml.MulticlassClassification.SearchEarlyReadout(new PlainSearchOptions { Trainer = options })).Message,
            StringComparison.Ordinal);
    }

    private static EarlyReadoutEstimator.Options Options(int steps, double rate) => new()
    {
        Network = { HiddenUnits = [16, 16] },
        Steps = steps,
        Optimizer = { LearningRate = rate },
    };

    private EarlyReadoutTransformer Fit(TrainerOptions options) => TrainingCase.Fit(options, _ml);

    private sealed class Large
    {
        public const int Side = 24;

        [VectorType(3, Side, Side)]
        public float[] Pixels { get; set; } = [];

        public bool Label { get; set; }
    }
}
