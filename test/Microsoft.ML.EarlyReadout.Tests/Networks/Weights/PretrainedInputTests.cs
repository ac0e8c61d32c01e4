using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Pretrained weights with another <c>Network.Input</c> than theirs are warned of; with their own they are not.</summary>
public sealed class PretrainedInputTests : IDisposable
{
    private static readonly FeatureShape _shape = FeatureShape.Image(3, 16, 16);
    private static readonly InputOptions _zeroToOne = new() { Mean = [0], Scale = [1 / 255f] };
    private static readonly InputOptions _caffe =
        new() { ChannelOrder = ChannelOrder.Bgr, Mean = [103.939f, 116.779f, 123.68f], Scale = [1] };
    private static readonly InputOptions _raw = new() { Mean = [0], Scale = [1] };
    private readonly string _folder = Directory.CreateTempSubdirectory("pretrained-").FullName;
    private readonly List<string> _log = [];

    private string Weights => Path.Combine(_folder, "weights.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_usual_normalisation_is_told_from_every_other()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Tensor images = Images(seed: 1), others = Images(seed: 2);
        InputOptions[] inputs = [InputOptions.ImageNet, new(), _zeroToOne, _caffe, _raw];
        foreach ((int trained, InputOptions ofWeights) in inputs.Index())
        {
            Train(ofWeights, images);
            foreach ((int given, InputOptions input) in inputs.Index())
            {
                string? warning = Check(input, others);
                Assert.True((warning is null) == (trained == given), $"weights {trained}, input {given}: {warning}");
            }
        }

        Assert.Contains(
            _log,
            line => line.StartsWith(
                "Network.Input fits the pretrained weights, as far as some training images tell: the distance", StringComparison.Ordinal));
    }

    [Fact]
    public void The_warning_names_the_option_and_the_normalisation_that_fits()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Train(InputOptions.ImageNet, Images(seed: 1));
        string warning = Check(_raw, Images(seed: 2))!;
        Assert.StartsWith("Network.Input does not match the input that the weights were trained on", warning, StringComparison.Ordinal);
        Assert.Contains("With torchvision's normalisation (InputOptions.ImageNet) it is 0.0", warning, StringComparison.Ordinal);
        // The same images from 0 to 1: the normalisation is found in their units.
        Assert.Contains(
            "With torchvision's normalisation (InputOptions.ImageNet) it is 0.0",
            Check(InputOptions.ImageNet, Images(seed: 2).to(ScalarType.Float32).div(tensor(255f)), PixelRange.Of(0, 1))!,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Images_that_no_usual_normalisation_fits_are_warned_of_by_the_distance_alone()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Train(new InputOptions { Mean = [0], Scale = [40] }, Images(seed: 1));
        string warning = Check(new InputOptions(), Images(seed: 2))!;
        Assert.Contains(
            "Set Mean and Scale to the weights' own, or see that the images are like theirs.", warning, StringComparison.Ordinal);
        Assert.Null(Check(new InputOptions { Mean = [0], Scale = [40] }, Images(seed: 2)));
    }

    [Fact]
    public void A_fit_warns_before_its_first_step_and_goes_on()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Train(_caffe, Images(seed: 1));
        Assert.Contains(
            Fit(InputOptions.ImageNet),
            line => line.Kind == ChannelMessageKind.Warning && line.Message.Contains("Caffe's normalisation", StringComparison.Ordinal));
        Assert.DoesNotContain(
            Fit(_caffe),
            line => line.Kind == ChannelMessageKind.Warning && line.Message.Contains("Network.Input", StringComparison.Ordinal));
    }

    /// <summary>
    /// The first convolution and batch norm of MobileNet, as trained on ImageNet (−1 to 1, RGB), on photographs of people in action.
    /// </summary>
    [Fact]
    public void On_real_weights_and_photographs_their_own_normalisation_is_not_warned_of_and_others_are()
    {
        string weights = RealData.Path("mobilenet_v1_0.75-imagenet/mobilenet_v1_0.75_224-imagenet.safetensors"),
            photographs = RealData.Path("bar/train");
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Tensor images = Read(photographs);
        using (SafetensorsFile file = SafetensorsFile.Open(weights))
        {
            string[] norms = ["weight", "bias", "running_mean", "running_var"];
            SafetensorsFile.Write(Weights, norms.Select(name => KeyValuePair.Create("bn." + name, file.Read("conv1_bn." + name)))
                .Append(KeyValuePair.Create("conv.weight", file.Read("conv1.weight"))));
        }

        Assert.Null(CheckFirstLayer(new InputOptions { Mean = [127.5f], Scale = [1 / 127.5f] }));
        foreach (InputOptions other in new[] { InputOptions.ImageNet, _zeroToOne, _caffe, _raw })
            Assert.Contains("the range −1 to 1", CheckFirstLayer(other)!, StringComparison.Ordinal);

        string? CheckFirstLayer(InputOptions input)
        {
            var options = new NetworkOptions
            {
                Custom = (shape, classes) => new FirstLayer(shape, classes),
                WeightsPath = Weights,
                Input = input,
            };
            using StagedNetwork network = NetworkFactory.Create(
                options, FeatureShape.Image(3, 128, 128), PixelRange.Bytes, classes: 2, seed: 1, _ => { });
            return PretrainedInput.Check(network, images, PixelRange.Bytes, _log.Add);
        }
    }

    /// <summary>SqueezeNet 1.1 as trained on ImageNet has no batch norm: its input is BGR, 0 to 255 less a mean.</summary>
    [Fact]
    public void On_real_weights_without_batch_norm_another_scale_is_warned_of()
    {
        string weights = RealData.Path("squeezenet1_1-imagenet/squeezenet1_1-imagenet-notop.safetensors"),
            photographs = RealData.Path("pets-on-scenes/train");
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Tensor images = Read(photographs);
        Assert.Null(CheckSqueezeNet(_caffe));
        Assert.Contains(
            _log,
            line => line.Contains(
                "the share of the last stage's channels that are on everywhere or off everywhere in the training images is 0",
                StringComparison.Ordinal));
        foreach (InputOptions other in new[] { new(), _zeroToOne, InputOptions.ImageNet })
            Assert.Contains("set Network.Input to that", CheckSqueezeNet(other)!, StringComparison.Ordinal);

        string? CheckSqueezeNet(InputOptions input)
        {
            using StagedNetwork network = NetworkFactory.Create(
                new NetworkOptions { Kind = NetworkKind.SqueezeNet11, WeightsPath = weights, Input = input },
                FeatureShape.Image(3, 128, 128), PixelRange.Bytes, classes: 2, seed: 1, _ => { });
            return PretrainedInput.Check(network, images, PixelRange.Bytes, _log.Add);
        }
    }

    /// <summary>The network of Microsoft's package: BGR, 0 to 255 less a mean.</summary>
    [Fact]
    public void On_the_weights_of_Microsofts_package_their_own_normalisation_is_not_warned_of_and_others_are()
    {
        string photographs = RealData.Path("bar/train");
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Tensor images = Read(photographs);
        Assert.Null(CheckResNet(InputOptions.DnnImageFeaturizer));
        foreach (InputOptions other in new[] { new(), _zeroToOne, InputOptions.ImageNet })
            Assert.Contains("Caffe's normalisation", CheckResNet(other)!, StringComparison.Ordinal);

        string? CheckResNet(InputOptions input)
        {
            using StagedNetwork network = NetworkFactory.Create(
                new NetworkOptions
                {
                    Kind = NetworkKind.DnnImageFeaturizerResNet18,
                    WeightsPath = DnnImageFeaturizerTests.ModelPath,
                    Input = input,
                },
                FeatureShape.Image(3, 128, 128), PixelRange.Bytes, classes: 2, seed: 1, _ => { });
            return PretrainedInput.Check(network, images, PixelRange.Bytes, _log.Add);
        }
    }

    /// <summary>Every nth photograph of a folder, 32 of them, 128 × 128.</summary>
    private static Tensor Read(string folder)
    {
        var ml = new MLContext(seed: 1);
        string[] files = [.. Directory.EnumerateFiles(folder, "*.jpg").Order(StringComparer.Ordinal)];
        IDataView paths = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 32).Select(i => new Photograph { File = files[i * files.Length / 32] }));
        IDataView pixels = ml.Transforms.LoadImages("Image", "", nameof(Photograph.File))
            .Append(ml.Transforms.ResizeImages("Image", 128, 128))
            .Append(ml.Transforms.ExtractPixels("Features", "Image"))
            .Fit(paths)
            .Transform(paths);
        return tensor([.. pixels.GetColumn<float[]>("Features").SelectMany(row => row)], [32, 3, 128, 128]);
    }

    private string? Check(InputOptions input, Tensor images, PixelRange? range = null)
    {
        using StagedNetwork network = Network(input, Weights);
        return PretrainedInput.Check(network, images, range ?? PixelRange.Bytes, _log.Add);
    }

    /// <summary>Writes weights whose batch norm has seen images under a normalisation.</summary>
    private void Train(InputOptions input, Tensor images)
    {
        using var noGrad = no_grad();
        using StagedNetwork network = Network(input, null);
        network.train();
        for (int i = 0; i < 100; i++) network.call(images).Dispose();
        SafetensorsFile.Write(Weights, network.state_dict());
    }

    private List<(ChannelMessageKind Kind, string Message)> Fit(InputOptions input)
    {
        List<(ChannelMessageKind, string)> log = [];
        var ml = new MLContext(seed: 1);
        ml.Log += (_, line) => log.Add((line.Kind, line.Message));
        byte[] bytes = Images(seed: 3).bytes.ToArray();
        var schema = SchemaDefinition.Create(typeof(Pixels));
        schema[nameof(Pixels.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 3, 16, 16);
        IDataView rows = ml.Data.LoadFromEnumerable(bytes.Chunk(_shape.Size)
            .Select((row, i) => new Pixels { Features = [.. row.Select(value => (float)value)], Label = i % 2 == 0 }), schema);
        rows = ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Network = Options(input, Weights), Taps = [], Epochs = 1, Seed = 1 })
            .Fit(rows)
            .Dispose();
        return log;
    }

    private static StagedNetwork Network(InputOptions input, string? weights) =>
        NetworkFactory.Create(Options(input, weights), _shape, PixelRange.Bytes, classes: 2, seed: 1, _ => { });

    private static NetworkOptions Options(InputOptions input, string? weights) =>
        new() { Kind = NetworkKind.ConvNet, Channels = [8], WeightsPath = weights, Input = input };

    /// <summary>Pixels with the mean and deviation of photographs.</summary>
    private static Tensor Images(int seed)
    {
        var random = new Random(seed);
        byte[] pixels =
        [
            .. Enumerable.Range(0, 32 * _shape.Size).Select(_ => (byte)Math.Clamp(115 + 58 * 1.7 * (random.NextDouble() * 2 - 1), 0, 255)),
        ];
        return tensor(pixels, [32, 3, 16, 16]);
    }

    [Theory]
    [InlineData(8, 32, 16, 8)]
    [InlineData(0, 32, 16, 8, 4, 2, 1)]
    public void Where_memory_does_not_suffice_for_all_images_fewer_are_compared(int most, params int[] tries)
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        static float[] Image(int i) => [.. Enumerable.Range(0, _shape.Size).Select(p => (float)((p * i) % 256))];
        (float[], string, string)[] rows = [.. Enumerable.Range(0, 40).Select(i => (Image(i), i % 2 == 0 ? "a" : "b", ""))];
        using TrainingSet set = Rows.Read(Rows.View(_shape.Size, rows), input: new() { Height = 16, Width = 16 });
        List<int> seen = [];
        using var network = new Small(_shape, images =>
        {
            if (seen.Count == 0 || seen[^1] != images) seen.Add(images);
            return images <= most;
        });
        PretrainedInput.Check(network, TrainingRows.AllOf(set), SeedSequence.Of(1), _log.Add);
        Assert.Equal(tries, seen);
        Assert.Equal(
            most == 0,
            _log.Contains("Network.Input could not be compared with the pretrained weights: there is no memory for a single image."));
    }

    /// <summary>A network whose first layer has memory for some images only.</summary>
    private sealed class Small : StagedNetwork
    {
        public Small(FeatureShape shape, Func<int, bool> fits) : base("small", shape, classes: 2)
        {
            AddStage("one", new Limited(fits), new BatchNorm2d(3), new Relu());
            SetHead("head", new GlobalAveragePool(), new Linear(3, 2));
        }
    }

    private sealed class Limited(Func<int, bool> fits) : Layer("limited")
    {
        public override Tensor forward(Tensor input) => fits((int)input.size(0)) ? input.alias() : throw new InsufficientMemoryException();

        public override string Export(OnnxGraph graph, string input) => input;
    }

    private sealed class FirstLayer : StagedNetwork
    {
        public FirstLayer(FeatureShape shape, int classes) : base("MobileNet's first layer", shape, classes)
        {
            SetStem(Register("conv", new Conv2d(3, 24, 3, 2, 1, bias: false)), Register("bn", new BatchNorm2d(24)));
            AddStage("stage1", new Relu());
            SetHead("head", new GlobalAveragePool(), new Linear(24, classes));
        }
    }

    private sealed class Photograph
    {
        public string File { get; set; } = "";
    }

    private sealed class Pixels
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }
}
