using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the tensors of a text encoder, under BERT's names, tell about it.</summary>
internal static partial class TextEncoderTensors
{
    public const string Words = "embeddings.word_embeddings.weight";
    public const string Types = "embeddings.token_type_embeddings.weight";
    private const string Positions = "embeddings.position_embeddings.weight";
    private const string Inner = "encoder.layer.0.intermediate.dense.weight";
    private const string DistilBertsMark = "attention.q_lin.";

    /// <summary>Whether the names are of DistilBERT's tensors: its own, or BERT's without those of token types.</summary>
    public static bool AreDistilBerts(IReadOnlyCollection<string> names) =>
        names.Any(name => name.Contains(DistilBertsMark, StringComparison.Ordinal))
            || !names.Any(name => name.EndsWith(Types, StringComparison.Ordinal));

    /// <summary>The sizes that the tensors have.</summary>
    /// <param name="shapes">Their shapes, by name.</param>
    /// <param name="heads">Gives the heads of attention for a width, which tensors do not tell.</param>
    /// <param name="source">What has them, as faults name it.</param>
    /// <exception cref="InvalidDataException">A tensor that tells a size is missing or has no two dimensions.</exception>
    public static TextEncoderSizes SizesOf(
        IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, Func<int, int> heads, string source)
    {
        (int vocabulary, int width) = Sides(Words);
        int layers = 1 + shapes.Keys.Select(LayerOf).DefaultIfEmpty(-1).Max();
        if (layers == 0) throw new InvalidDataException($"{source} has no layers: no tensor is named '…encoder.layer.0.…'.");
        return new TextEncoderSizes(
            vocabulary, width, layers, heads(width), Sides(Inner).First, Sides(Positions).First,
            shapes.ContainsKey(Types) ? Sides(Types).First : 0);

        (int First, int Second) Sides(string name) =>
            shapes.TryGetValue(name, out IReadOnlyList<long>? shape)
                && shape is [> 0 and <= int.MaxValue and var first, > 0 and <= int.MaxValue and var second]
                ? ((int)first, (int)second)
                : throw new InvalidDataException(
                    $"The weights in {source} are not those of BERT or DistilBERT: the tensor '{name}' is missing or is no matrix.");
    }

    private static int LayerOf(string name) =>
        Layer().Match(name) is { Success: true } match && int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out int layer)
            ? layer
            : -1;

    [GeneratedRegex(@"^encoder\.layer\.(\d+)\.", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
