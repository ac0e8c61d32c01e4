using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Whether <see cref="NetworkOptions.Input"/> gives pretrained weights what they were trained on, told by some of the training images.
/// </summary>
/// <remarks>
/// <para>With batch norm: the distance of what the first one reads from the statistics that the weights' file holds, the median over
/// channels of the divergence between normal distributions, <c>½·(v/σ² + (m − μ)²/σ² − 1 − ln(v/σ²))</c>, with m and v the images' mean and
/// variance and μ and σ² the stored ones. ImageNet networks (ResNet-18, MobileNet) on photographs of 64 to 224 pixels: 0.01 to 0.09 with
/// their own normalisation, 0.25 and more with any other; close-ups of skin, of a third of the contrast, up to 0.54 with their own, 1.0 and
/// more with others. An absolute bound alone would miss some or warn of others, so another usual normalisation that fits far better counts
/// too.</para>
/// <para>Without batch norm: the share of the last stage's channels that are on everywhere or off everywhere. SqueezeNet 1.1: 0 to 0.07
/// with its own normalisation, 0.13 to 0.6 where the scale is another. Only the comparison counts; a missing mean is not seen.</para>
/// <para>The order of the channels is not seen by either: reversed, both stay within 0.02.</para>
/// </remarks>
internal static class PretrainedInput
{
    private const double TimesCloser = 4;
    private const float Everywhere = 0.999f;
    private const int MostImages = 32;
    private const int MostPixels = MostImages * 224 * 224;
    private const int BytePixels = 255;
    private const double LeastShareOfVariance = 1e-3;

    /// <summary>Compares some of the training rows, once, before the first step; for vectors and texts there is nothing to
    /// compare.</summary>
    /// <param name="network">The network with its pretrained weights, on the CPU and in training mode; it stays as it is.</param>
    /// <param name="training">The training rows.</param>
    /// <param name="seeds">Choose the rows.</param>
    /// <param name="log">Receives what was found where nothing is wrong.</param>
    /// <returns>A warning that names the option, or <see langword="null"/>.</returns>
    public static string? Check(StagedNetwork network, TrainingRows training, SeedSequence seeds, Action<string> log)
    {
        if (training.Set.Pixels is not { } range) return null;
        FeatureShape shape = network.Shape;
        int count = Math.Clamp(MostPixels / (shape.Size / shape.Channels), 1, MostImages);
        long[] order = seeds.For("pretrained input").Permutation(training.Indices.Length);
        for (; count > 0; count /= 2)
        {
            try
            {
                using Batch images = training.Set.Gather([.. order.Take(count).Select(row => training.Indices[row])], CPU);
                return Check(network, images.Features, range, log);
            }
            catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
            {
                // fewer images tell less, and take less memory
            }
        }

        log("Network.Input could not be compared with the pretrained weights: there is no memory for a single image.");
        return null;
    }

    /// <summary>Compares given images.</summary>
    /// <param name="network">The network with its pretrained weights, on the CPU and in training mode; it stays as it is.</param>
    /// <param name="images">Some training images as stored, (B, C, H, W) or (B, H, W, C), on the CPU.</param>
    /// <param name="range">What their numbers mean.</param>
    /// <param name="log">Receives what was found where nothing is wrong.</param>
    /// <returns>A warning that names the option, or <see langword="null"/>.</returns>
    public static string? Check(StagedNetwork network, Tensor images, PixelRange range, Action<string> log)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        network.eval();
        try
        {
            return Compare(network, MeasureOf(network), images, range, log);
        }
        finally
        {
            network.train();
        }
    }

    private static string? Compare(StagedNetwork network, Measure measure, Tensor images, PixelRange range, Action<string> log)
    {
        double own = measure.Of(network.Input.call(images));
        (string name, double best) = Usual(network.Shape, range)
            .Where(usual => usual.Mean.Length == 1 || usual.Mean.Length == network.Shape.Channels)
            .Select(usual => (usual.Name, Figure: measure.Of(WithInput(network.Shape, usual, images))))
            .DefaultIfEmpty((Name: "", Figure: double.PositiveInfinity)).MinBy(usual => usual.Figure);
        bool isOther = own > measure.FarBesideAnother && best * TimesCloser <= own;
        if (!isOther && own <= measure.Far)
        {
            log("Network.Input fits the pretrained weights, as far as some training images tell: "
                + FormattableString.Invariant($"{measure.What} is {own:G2}."));
            return null;
        }

        string remedy = isOther
            ? FormattableString.Invariant($"With {name} it is {best:G2}: set Network.Input to that. ")
            : "Set Mean and Scale to the weights' own, or see that the images are like theirs. ";
        return "Network.Input does not match the input that the weights were trained on: "
            + FormattableString.Invariant($"{measure.What} is {own:G2}; ")
            + FormattableString.Invariant($"with the weights' own input it is mostly below {measure.FarBesideAnother}. {remedy}")
            + "Such a network trains to far worse results without an error. "
            + "This check cannot see the channel order: check Network.Input.ChannelOrder yourself.";
    }

    private static Measure MeasureOf(StagedNetwork network)
    {
        List<Layer> before = [];
        foreach (Layer layer in network.Stem.Concat(network.Stages.SelectMany(stage => stage.Layers)))
        {
            if (layer is BatchNorm2d norm)
            {
                return new("the distance of the training images from the statistics of the first batch norm",
                    Far: 1, FarBesideAnother: 0.2, input => Distance(before, norm, input));
            }

            if (LayerTree.Find<BatchNorm2d>(layer).Any()) break; // within a block: what it reads is not to be had from here
            before.Add(layer);
        }

        return new("the share of the last stage's channels that are on everywhere or off everywhere in the training images",
            Far: double.PositiveInfinity, FarBesideAnother: 0.1, input => Stuck(network, input));
    }

    private static double Distance(IReadOnlyList<Layer> before, BatchNorm2d norm, Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor read = StagedNetwork.Run(before, input); // (B, C, H, W)
        (float[] means, float[] variances) = norm.Statistics;
        float[] m = Numbers(read.mean([0, 2, 3])), v = Numbers(read.var([0, 2, 3], unbiased: false)); // (C)
        // Channels that never vary say nothing.
        double least = Median(variances.Select(variance => (double)variance)) * LeastShareOfVariance;
        return Median(Enumerable.Range(0, m.Length).Where(c => variances[c] > least).Select(c =>
        {
            double ratio = Math.Max(v[c], float.Epsilon) / variances[c], shift = m[c] - means[c];
            return (ratio + (shift * shift / variances[c]) - 1 - Math.Log(ratio)) / 2;
        }));
    }

    private static double Stuck(StagedNetwork network, Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor last = StagedNetwork.Run(network.Stem.Concat(network.Stages.SelectMany(stage => stage.Layers)), input); // (B, C, H, W)
        float[] on = Numbers(last.gt(Scalars.Zero).to(ScalarType.Float32).mean([0, 2, 3])); // (C)
        return on.Average(share => share is > Everywhere or < 1 - Everywhere ? 1.0 : 0);
    }

    private static float[] Numbers(Tensor channels) => channels.to(ScalarType.Float32).data<float>().ToArray();

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }

    private static Tensor WithInput(FeatureShape shape, (string Name, float[] Mean, float[] Scale, ChannelOrder Order) usual, Tensor images)
    {
        using var input = new InputLayer(shape);
        input.Configure(usual.Mean, usual.Scale, usual.Order);
        return input.call(images);
    }

    /// <summary>The normalisations that published weights ask for, in the images' units; none where black and white are unknown.</summary>
    private static IEnumerable<(string Name, float[] Mean, float[] Scale, ChannelOrder Order)> Usual(FeatureShape shape, PixelRange range)
    {
        if (range.Kind == ValueRange.AsIs) yield break;
        float unit = (range.White - range.Black) / BytePixels;
        InputOptions imageNet = InputOptions.ImageNet;
        yield return Of("torchvision's normalisation (InputOptions.ImageNet)", imageNet.Mean, imageNet.Scale);
        yield return Of("the range −1 to 1 (Mean 127.5, Scale 1/127.5 of pixels 0 to 255)", [127.5f], [1 / 127.5f]);
        yield return Of("the range 0 to 1 (Mean 0, Scale 1/255 of pixels 0 to 255)", [0], [1f / BytePixels]);
        yield return Of("Caffe's normalisation (pixels 0 to 255 less Mean 103.9, 116.8, 123.7, Scale 1, Order Bgr)",
            [103.939f, 116.779f, 123.68f], [1], ChannelOrder.Bgr);
        yield return Of("the range 0 to 255 (Mean 0, Scale 1 of pixels 0 to 255)", [0], [1]);

        (string, float[], float[], ChannelOrder) Of(string name, float[] mean, float[] scale, ChannelOrder order = ChannelOrder.Rgb) =>
            (name, InUnits(mean, value => range.Black + (value * unit)), InUnits(scale, value => value / unit), order);

        float[] InUnits(float[] values, Func<float, float> convert) =>
            shape.Channels == 1 ? [convert(values.Average())] : [.. values.Select(convert)];
    }

    /// <summary>A number that is small where the input is what the weights were trained on.</summary>
    /// <param name="What">What it is, in a sentence.</param>
    /// <param name="Far">Above, the input is wrong whatever else would be.</param>
    /// <param name="FarBesideAnother">Above, it is wrong where another usual normalisation gives far less.</param>
    /// <param name="Of">The number for a batch after the network's first layer.</param>
    private sealed record Measure(string What, double Far, double FarBesideAnother, Func<Tensor, double> Of);
}
