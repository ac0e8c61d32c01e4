using Microsoft.ML;
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

    private static EarlyReadoutEstimator.Options Options(int steps, double rate) => new()
    {
        Network = { HiddenUnits = [16, 16] },
        Steps = steps,
        Optimizer = { LearningRate = rate },
    };

    private EarlyReadoutTransformer Fit(TrainerOptions options) => TrainingCase.Fit(options, _ml);
}
