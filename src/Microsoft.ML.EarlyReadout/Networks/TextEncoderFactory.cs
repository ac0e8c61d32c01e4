using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Builds the text encoder that options describe: in the sizes of its weights, or a fresh one in the options' own.</summary>
internal static class TextEncoderFactory
{
    private const int HeadSize = 64;
    private const int MiniLmWidth = 384, MiniLmHeads = 12;

    /// <summary>Builds the network without loading its weights.</summary>
    /// <param name="options">The options.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="earlier">The sizes of the encoder whose weights it will be given; <see langword="null"/>: those of the weights file, or
    /// the options' own.</param>
    /// <param name="log">Receives the sizes that the options leave open.</param>
    /// <exception cref="ArgumentException">The network and the shape do not fit.</exception>
    /// <exception cref="InvalidDataException">The weights file is malformed or of another network.</exception>
    /// <exception cref="IOException">The <c>config.json</c> beside the weights cannot be read; the message names it.</exception>
    public static TextEncoder Create(
        NetworkOptions options, FeatureShape shape, int classes, TextEncoderSizes? earlier, Action<string> log)
    {
        EncoderOptions encoder = options.Encoder;
        bool isDistil = options.Kind == NetworkKind.DistilBert;
        TextEncoderSizes sizes;
        if (earlier is not null)
        {
            sizes = earlier with { Heads = encoder.Heads ?? earlier.Heads };
            if (options.Kind == NetworkKind.Automatic) isDistil = earlier.TokenTypes == 0;
        }
        else if (options.WeightsPath is { } path)
        {
            using TextEncoderFile file = TextEncoderFile.Open(path, options.Kind);
            isDistil = file.IsDistilBert;
            sizes = file.Sizes(width => Heads(encoder, width, path, log));
        }
        else
        {
            (int vocabulary, int length) = shape is TokenShape tokens ? (tokens.Vocabulary, tokens.Length) : (1, 1); // refused below
            int heads = Heads(encoder, encoder.Width, null, log);
            sizes = new TextEncoderSizes(
                vocabulary, encoder.Width, encoder.Layers, heads, encoder.FeedForwardWidth ?? 4 * encoder.Width, length, isDistil ? 0 : 2);
            log(FormattableString.Invariant($"No weights are given: a text encoder of {sizes.Layers} layers with {sizes.Width} numbers ")
                + "for each token is trained from nothing. Pretrained weights (Network.WeightsPath) mostly do far better.");
        }

        if (sizes.Width % sizes.Heads != 0)
        {
            throw new ArgumentException(FormattableString.Invariant($"{sizes.Heads} heads of attention cannot share the {sizes.Width} ")
                + "numbers that the encoder has for each token; set Network.Encoder.Heads to a divisor.");
        }

        return new TextEncoder(isDistil ? "DistilBERT" : "BERT", shape, sizes, encoder.Pooling, encoder.Dropout, classes);
    }

    private static int Heads(EncoderOptions options, int width, string? weights, Action<string> log)
    {
        if (options.Heads is { } given) return given;
        int heads = DefaultHeads(width);
        if (weights is null) return heads;
        (int? configured, string lack) = Configured(weights);
        if (configured is { } known) return known;
        log($"Weights do not tell the heads of attention, and {lack}: "
            + FormattableString.Invariant($"{heads} heads are taken for {width} numbers. Network.Encoder.Heads says otherwise."));
        return heads;
    }

    /// <summary>The heads that an encoder has where nothing says how many: of 64 numbers each, or the next fewer heads that divide the
    /// width.</summary>
    /// <param name="width">The encoder's numbers for each token, at least 1.</param>
    public static int DefaultHeads(int width)
    {
        int heads = width == MiniLmWidth ? MiniLmHeads : Math.Max(1, width / HeadSize);
        while (width % heads != 0) heads--;
        return heads;
    }

    /// <summary>The heads that Hugging Face's <c>config.json</c> in the weights' folder names; or why they are not known.</summary>
    private static (int? Heads, string Lack) Configured(string weights)
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(weights))!, "config.json");
        if (!File.Exists(path)) return (null, "there is no config.json beside them");
        try
        {
            using FileStream file = File.OpenRead(path);
            using JsonDocument json = JsonDocument.Parse(file); // of a stream: that passes over a byte order mark
            foreach (string name in (string[])["num_attention_heads", "n_heads"])
            {
                if (json.RootElement.TryGetProperty(name, out JsonElement value) && value.TryGetInt32(out int heads) && heads > 0)
                    return (heads, "");
            }

            return (null, $"'{path}' names none");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // a config.json of something else
        {
            return (null, $"'{path}' cannot be read ({Excerpt.Of(fault.Message)})");
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault)) // wrong heads would train in silence
        {
            throw new IOException($"Cannot read '{path}', which tells the heads of attention of the weights: {fault.Message}", fault);
        }
    }
}
