using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How numbers enter a network: per channel <c>(x − Mean) · Scale</c>. No weight tells it.</summary>
/// <param name="Mean">One value, or one a channel.</param>
/// <param name="Scale">One value, or one a channel.</param>
/// <param name="Order">The order in which the network sees the channels.</param>
/// <param name="Pixels">What the numbers of images mean; <see langword="null"/> for other features.</param>
internal sealed record InputNormalization(float[] Mean, float[] Scale, ChannelOrder Order, PixelRange? Pixels)
{
    private const float Tolerance = 1e-4f; // normalisations that are written with four digits are the same

    /// <summary>That of a network.</summary>
    public static InputNormalization Of(StagedNetwork network, PixelRange? pixels) => new(
        [.. network.Input.Mean], [.. network.Input.Scale], network.Input.ReversesChannels ? ChannelOrder.Bgr : ChannelOrder.Rgb, pixels);

    /// <summary>That of a fitted model; <see langword="null"/> where it does not keep the options of its training.</summary>
    public static InputNormalization? Of(EarlyReadoutTransformer model)
    {
        FeatureShape shape = model.Columns.Shape;
        PixelRange? pixels = shape.HasValueRange ? model.Columns.Pixels : null;
        IReadOnlyDictionary<string, string> settings = model.History.Settings;
        if (Setting<float[]>(nameof(InputOptions.Mean)) is not { } mean || Setting<float[]>(nameof(InputOptions.Scale)) is not { } scale)
            return null;
        bool hasOrder = shape is ImageShape { Channels: > 1 };
        return new(
            mean.Length > 0 ? mean : [pixels?.Mean ?? 0],
            scale.Length > 0 ? scale : [pixels?.Scale ?? 1],
            hasOrder ? Setting<ChannelOrder>(nameof(InputOptions.ChannelOrder)) : ChannelOrder.Rgb,
            pixels);

        T? Setting<T>(string name) => settings.TryGetValue($"Network.Input.{name}", out string? json)
            ? JsonSerializer.Deserialize<T>(json, OptionsJson.Form)
            : default;
    }

    /// <summary>Whether a network sees the same numbers by both. Pixels from 0 to 255 and from 0 to 1 may become the same.</summary>
    public bool IsLike(InputNormalization other)
    {
        bool asPixels = Pixels is not (null or { Kind: ValueRange.AsIs }) || other.Pixels is not (null or { Kind: ValueRange.AsIs });
        int channels = new[] { Mean.Length, Scale.Length, other.Mean.Length, other.Scale.Length }.Max();
        return Order == other.Order && Enumerable.Range(0, channels).All(channel =>
            Ends(channel, asPixels).Zip(other.Ends(channel, asPixels)).All(pair =>
                MathF.Abs(pair.First - pair.Second) <= Tolerance * MathF.Max(1, MathF.Abs(pair.First))));
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string range = Pixels is null ? "" : $", Order {Order}, ValueRange {Pixels.Kind}";
        return $"Mean {Shown(Mean)}, Scale {Shown(Scale)}{range}";

        static string Shown(float[] values) => string.Join(' ', values.Select(value => FormattableString.Invariant($"{value:G4}")));
    }

    // What a straight line makes of two numbers tells the line.
    private float[] Ends(int channel, bool asPixels)
    {
        float mean = Mean[Math.Min(channel, Mean.Length - 1)], scale = Scale[Math.Min(channel, Scale.Length - 1)];
        (float low, float high) = asPixels && Pixels is { } range ? (range.Black, range.White) : (0, 1);
        return [(low - mean) * scale, (high - mean) * scale];
    }
}
