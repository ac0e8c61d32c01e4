using System.Diagnostics;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Builds the network that options describe, with its input layer set and its weights drawn or loaded.</summary>
internal static class NetworkFactory
{
    /// <summary>Builds a network on the CPU, in training mode.</summary>
    /// <param name="options">Which network, from which weights.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="pixels">What the numbers of images mean, which the default normalisation maps to −1 to 1; <see langword="null"/> for
    /// vectors and texts.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="seed">Draws the initial weights.</param>
    /// <param name="log">Receives what a user should know about the weights.</param>
    /// <param name="earlier">The sizes of the text encoder whose weights the network will be given in place of those drawn here; <see
    /// langword="null"/>: there is none.</param>
    /// <param name="earlierStem">The stem of the residual network whose weights it will be given, likewise.</param>
    /// <exception cref="ArgumentException">The network and the shape do not fit, the options have faults, or the network is larger than
    /// any model.</exception>
    /// <exception cref="InvalidDataException">The weights file is malformed or of another network.</exception>
    public static StagedNetwork Create(
        NetworkOptions options, FeatureShape shape, PixelRange? pixels, int classes, ulong seed, Action<string> log,
        TextEncoderSizes? earlier = null, ResNetStem? earlierStem = null)
    {
        var faults = new OptionFaults();
        options.AddFaults(faults, "Network", isWarm: earlier is not null);
        if (faults.All.Count > 0) throw new ArgumentException(string.Join(" ", faults.All), nameof(options));
        StagedNetwork network = Build(options, shape, classes, earlier, earlierStem, log);
        try
        {
            if (NetworkSize.Fault(NetworkSize.Of(network), network) is { } tooLarge) throw new ArgumentException(tooLarge);
            ConfigureInput(network, options.Input, pixels);
            using (var generator = new Generator(seed)) network.Initialize(generator);
            if (options.WeightsPath is { } path) PretrainedWeights.Load(path, network, log);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static StagedNetwork Build(
        NetworkOptions options, FeatureShape shape, int classes, TextEncoderSizes? earlier, ResNetStem? earlierStem, Action<string> log)
    {
        if (options.Custom is { } custom) return Checked(custom(shape, classes), shape, classes);
        NetworkKind kind = options.Kind == NetworkKind.Automatic ? AutomaticKind(shape) : options.Kind;
        return kind switch
        {
            NetworkKind.Mlp => new Mlp(shape, options.HiddenUnits, classes),
            NetworkKind.ConvNet => new ConvNet(shape, options.Channels, classes),
            NetworkKind.ResNet18 => ResNet.ResNet18(shape, classes, Stem()),
            NetworkKind.ResNet34 => ResNet.ResNet34(shape, classes, Stem()),
            NetworkKind.ResNet50 => ResNet.ResNet50(shape, classes, Stem()),
            NetworkKind.DnnImageFeaturizerResNet18 => ResNet.DnnImageFeaturizerResNet18(shape, classes, Stem()),
            NetworkKind.SqueezeNet11 => new SqueezeNet(shape, classes),
            NetworkKind.Bert or NetworkKind.DistilBert => TextEncoderFactory.Create(options, shape, classes, earlier, log),
            _ => throw new UnreachableException($"No network {kind}."),
        };

        ResNetStem Stem()
        {
            ResNetStem? given = options.WeightsPath is { } path ? StemIn(path) : earlierStem;
            if (options.Stem == ResNetStem.Automatic) return given ?? ResNetStem.Automatic;
            if (given is { } theirs && theirs != options.Stem)
            {
                throw new ArgumentException($"Network.Stem is {options.Stem}, and the weights that the network begins with have the stem "
                    + $"{theirs}. Leave Network.Stem at Automatic: then the weights say which.");
            }

            return options.Stem;
        }
    }

    private static ResNetStem? StemIn(string path)
    {
        using IWeightsFile file = PretrainedWeights.Open(path);
        return ResNetTensors.StemOf(file.Names, file.Shape);
    }

    private static NetworkKind AutomaticKind(FeatureShape shape) => shape switch
    {
        VectorShape => NetworkKind.Mlp,
        ImageShape => NetworkKind.ConvNet,
        TokenShape => NetworkKind.Bert, // or what the weights are
        _ => throw new UnreachableException($"No automatic network for {shape}."),
    };

    private static StagedNetwork Checked(StagedNetwork? network, FeatureShape shape, int classes)
    {
        if (network is null) throw new ArgumentException("Network.Custom returned null; it must return a network.");
        if (network.Shape != shape || network.ClassCount != classes)
            throw new ArgumentException(
                $"Network.Custom returned a network for examples {network.Shape} and {network.ClassCount} classes; it was asked for "
                    + $"{shape} and {classes}.");
        if (network.Stages.Count == 0 || network.Head.Count == 0)
            throw new ArgumentException(
                $"The network '{network.GetName()}' of Network.Custom needs at least one stage (AddStage) and a head (SetHead).");
        if (shape is TokenShape tokens) PaddingCheck.Run(network, tokens);
        return network;
    }

    private static void ConfigureInput(StagedNetwork network, InputOptions input, PixelRange? pixels)
    {
        if (network.Shape is TokenShape && (input.Mean.Length > 0 || input.Scale.Length > 0))
            throw new ArgumentException("Network.Input.Mean and Network.Input.Scale are for numbers; texts have none. Leave them empty.");
        if (input.ChannelOrder == ChannelOrder.Bgr && network.Shape is ImageShape { Channels: not (1 or 3 or 4) and var many })
            throw new ArgumentException($"Network.Input.ChannelOrder is Bgr, which is of colours; the images have {many} channels.");
        float[] mean = input.Mean.Length > 0 ? input.Mean : [pixels?.Mean ?? 0];
        float[] scale = input.Scale.Length > 0 ? input.Scale : [pixels?.Scale ?? 1];
        int channels = network.Shape.Channels;
        if (mean.Length != 1 && mean.Length != channels)
            throw new ArgumentException(
                $"Network.Input.Mean has {mean.Length} values; it must have one, or one for each of the {channels} channels.");
        if (scale.Length != 1 && scale.Length != channels)
            throw new ArgumentException(
                $"Network.Input.Scale has {scale.Length} values; it must have one, or one for each of the {channels} channels.");
        network.Input.Configure(mean, scale, input.ChannelOrder);
    }
}
