using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Which network is trained, and from which weights.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
public sealed class NetworkOptions
{
    private const int MostStages = 15;
    private const int FewestTokens = 8; // [CLS], two texts of some tokens, and a [SEP] after each
    private const int MostTokens = 8192; // attention takes memory by the square, and each fit measures the network by one such row

    /// <summary>The kind of network.</summary>
    /// <value>The default value is <see cref="NetworkKind.Automatic"/>.</value>
    public NetworkKind Kind { get; set; } = NetworkKind.Automatic;

    /// <summary>Width of each hidden layer of an <see cref="NetworkKind.Mlp"/>; each is a stage.</summary>
    /// <value>The default value is 128, 128. At least one layer; each at least 1.</value>
    public int[] HiddenUnits { get; set; } = [128, 128];

    /// <summary>Channels of each stage of a <see cref="NetworkKind.ConvNet"/>.</summary>
    /// <value>The default value is 32, 64, 128. At least one stage; each at least 1.</value>
    public int[] Channels { get; set; } = [32, 64, 128];

    /// <summary>The first layers of a ResNet.</summary>
    /// <value>The default value is <see cref="ResNetStem.Automatic"/>.</value>
    public ResNetStem Stem { get; set; } = ResNetStem.Automatic;

    /// <summary>
    /// A safetensors file with pretrained weights under torchvision's names (for texts Hugging Face's), or the ONNX model
    /// (<c>.onnx</c>) of a residual network, whose tensors are told by their place in the graph. A classifier that is missing there, has
    /// another number of classes, or was put in the place of the network's own, starts fresh and the log says so; every other difference
    /// is an error.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: all weights start fresh.</value>
    public string? WeightsPath { get; set; }

    /// <summary>
    /// The vocabulary of a text encoder: a file <c>vocab.txt</c> of BERT's, one token a line, the one that the weights were trained with.
    /// </summary>
    /// <value>The default value is <see langword="null"/>, which pretrained weights do not allow: without weights, the words of the
    /// training texts are the vocabulary.</value>
    public string? VocabularyPath { get; set; }

    /// <summary>The most tokens of a row of texts, [CLS] and [SEP] included; the log counts the rows that are cut to it.</summary>
    /// <value>The default value is 128. From 8 to 8192; at most the positions that the weights have, 512 in BERT.</value>
    public int MaxTokens { get; set; } = 128;

    /// <summary>How a text encoder is built.</summary>
    public EncoderOptions Encoder { get; set; } = new();

    /// <summary>How the raw numbers of the feature column enter the network.</summary>
    public InputOptions Input { get; set; } = new();

    /// <summary>
    /// Builds a network of your own, given the shape of one example and the number of classes. Overrides <see cref="Kind"/>. Its weights
    /// are drawn from the seed, whatever its constructor gives them, unless <see cref="WeightsPath"/> or a model to start from gives
    /// others.
    /// </summary>
    /// <value>The default value is <see langword="null"/>.</value>
    [JsonIgnore]
    [Experimental(ExperimentalId.OwnNetwork)]
    public Func<FeatureShape, int, StagedNetwork>? Custom { get; set; }

    /// <summary>Adds what is wrong with these options, before anything is built from them.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    /// <param name="isWarm">Whether the network will be given the weights of an earlier model.</param>
    internal void AddFaults(OptionFaults faults, string name, bool isWarm = false)
    {
        string encoder = $"{name}.{nameof(Encoder)}", input = $"{name}.{nameof(Input)}";
        faults.Defined($"{name}.{nameof(Kind)}", Kind);
        faults.Defined($"{name}.{nameof(Stem)}", Stem);
        AddWidthFaults(faults, $"{name}.{nameof(HiddenUnits)}", HiddenUnits, int.MaxValue);
        AddWidthFaults(faults, $"{name}.{nameof(Channels)}", Channels, MostStages);
        AddFileFaults(faults, name);
        faults.InRange($"{name}.{nameof(MaxTokens)}", MaxTokens, FewestTokens, MostTokens);
        if (Encoder is null) faults.Add($"{encoder} is null; leave it at its default.");
        else Encoder.AddFaults(faults, encoder, hasOwnSizes: WeightsPath is null && !isWarm);
        if (Input is null) faults.Add($"{input} is null; leave it at its default where the column tells all.");
        else Input.AddFaults(faults, input);
    }

    private static void AddWidthFaults(OptionFaults faults, string name, int[]? widths, int most)
    {
        if (widths is null || widths.Length == 0) faults.Add($"{name} is empty; it must have at least one value.");
        else if (widths.Length > most) faults.Add($"{name} has {widths.Length} values; it must have at most {most}.");
        foreach (int width in widths ?? [])
            if (width < 1) faults.Add($"{name} holds {width}; each value must be at least 1.");
    }

    private void AddFileFaults(OptionFaults faults, string name)
    {
        if (WeightsPath is { } path)
        {
            string weights = $"{name}.{nameof(WeightsPath)}";
            if (string.IsNullOrWhiteSpace(path)) faults.Add($"{weights} is empty; it must name a safetensors or ONNX file, or be null.");
            else if (Directory.Exists(path))
                faults.Add($"{weights} is '{path}', which is a folder; it must name a safetensors or ONNX file.");
            else if (!File.Exists(path)) faults.Add($"{weights} is '{path}'; there is no such file.");
        }

        if (VocabularyPath is { } vocabulary && !File.Exists(vocabulary))
            faults.Add($"{name}.{nameof(VocabularyPath)} is '{vocabulary}'; there is no such file.");
    }
}
