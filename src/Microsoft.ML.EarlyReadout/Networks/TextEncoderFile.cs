using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The weights of BERT or DistilBERT in a safetensors file, under BERT's names of today: without a prefix such as <c>bert.</c>, layer
/// norms with weight and bias rather than the old gamma and beta, DistilBERT's layers under BERT's names. What belongs to other tasks
/// is left out, and with it a classifier that reads it.
/// </summary>
/// <remarks>This library saves DistilBERT too under BERT's names.</remarks>
internal sealed partial class TextEncoderFile : IWeightsFile
{
    private const string Classifier = "classifier.";

    // By what their names have; DistilBERT's own name has none of them.
    private static readonly (string Part, string Name)[] _others =
    [
        ("roberta.", "RoBERTa"), ("albert_layer", "ALBERT"), ("electra.", "ELECTRA"), ("deberta.", "DeBERTa"),
        ("rel_embeddings", "DeBERTa"), ("mpnet.", "MPNet"), ("relative_attention_bias", "MPNet or T5"), (".wte.", "GPT-2"),
        ("wte.weight", "GPT-2"), ("embed_tokens", "a decoder such as Llama"),
    ];

    private readonly SafetensorsFile _file;
    private readonly Dictionary<string, string> _names; // BERT's to the file's

    private TextEncoderFile(SafetensorsFile file, bool isDistilBert)
    {
        (_file, IsDistilBert) = (file, isDistilBert);
        (_names, HeadReads) = Translate(file, isDistilBert);
    }

    /// <summary>Whether the weights are DistilBERT's.</summary>
    public bool IsDistilBert { get; }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _names.Keys;

    /// <inheritdoc/>
    public string? HeadReads { get; }

    /// <summary>Opens a file and finds out what it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">The kind that is asked for; any other than the two is automatic.</param>
    /// <exception cref="InvalidDataException">The file is malformed, or has the weights of another network.</exception>
    public static TextEncoderFile Open(string path, NetworkKind kind)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            bool isDistilBert = TextEncoderTensors.AreDistilBerts(file.Names);
            RefuseOthers(file, kind, isDistilBert);
            return new TextEncoderFile(file, isDistilBert);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The sizes that the weights have.</summary>
    /// <param name="heads">Gives the heads of attention for a width, which weights do not tell.</param>
    /// <exception cref="InvalidDataException">A tensor that tells a size is missing or has no two dimensions.</exception>
    public TextEncoderSizes Sizes(Func<int, int> heads) =>
        TextEncoderTensors.SizesOf(Names.ToDictionary(name => name, Shape), heads, $"'{Path}'");

    /// <inheritdoc/>
    public IReadOnlyList<long> Shape(string name) => _file.Shape(_names[name]);

    /// <inheritdoc/>
    public string TypeName(string name) => _file.TypeName(_names[name]);

    /// <inheritdoc/>
    public bool HoldsFloats(string name) => _file.HoldsFloats(_names[name]);

    /// <inheritdoc/>
    public Tensor Read(string name) => _file.Read(_names[name]);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void RefuseOthers(SafetensorsFile file, NetworkKind kind, bool isDistilBert)
    {
        foreach ((string part, string name) in _others)
        {
            if (file.Names.Any(tensor => tensor.Contains(part, StringComparison.Ordinal)))
                throw Refused(name);
        }

        // Without its name, RoBERTa differs in having a single token type; its positions begin at 2.
        string? types = file.Names.FirstOrDefault(name => name.EndsWith(TextEncoderTensors.Types, StringComparison.Ordinal));
        if (types is not null && file.Shape(types) is [1, _]) throw Refused("RoBERTa");
        (NetworkKind found, string its) = isDistilBert ? (NetworkKind.DistilBert, "DistilBERT") : (NetworkKind.Bert, "BERT");
        if (kind is NetworkKind.Bert or NetworkKind.DistilBert && kind != found && file.Names.Any(IsWords))
            throw new InvalidDataException($"The weights in '{file.Path}' are those of {its}; set Network.Kind to {found}.");

        InvalidDataException Refused(string other) => new($"The weights in '{file.Path}' are those of {other}; only those of BERT and "
            + "DistilBERT are read. Give such a model, for instance bert-base-uncased or distilbert-base-uncased.");
    }

    /// <returns>The file's names by BERT's, and the first name of what the file's own classifier reads, where that is left
    /// out.</returns>
    private static (Dictionary<string, string> Names, string? HeadReads) Translate(SafetensorsFile file, bool isDistilBert)
    {
        string[] words = [.. file.Names.Where(IsWords)];
        if (words.Length != 1)
        {
            throw new InvalidDataException(words.Length == 0
                ? $"The weights in '{file.Path}' are not those of BERT or DistilBERT: no tensor is named '{TextEncoderTensors.Words}'."
                : $"'{file.Path}' has several encoders: {string.Join(", ", words.Take(5).Select(name => $"'{Excerpt.Of(name)}'"))}. Keep "
                    + "one of them in the file.");
        }

        string prefix = words[0][..^TextEncoderTensors.Words.Length];
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        string? headReads = null;
        foreach (string name in file.Names)
        {
            string own = name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
            if (BeforeClassifier().IsMatch(own)) headReads ??= name;
            if (OfOtherTasks().IsMatch(own)) continue;
            own = OldLayerNorm().Replace(own, match => match.Groups[1].Value + (match.Groups[2].Value == "gamma" ? "weight" : "bias"));
            if (isDistilBert) own = OfBert(own);
            if (!names.TryAdd(own, name))
                throw new InvalidDataException($"'{file.Path}' has the weights '{Excerpt.Of(own)}' twice: also as '{Excerpt.Of(name)}'.");
        }

        if (headReads is null) return (names, null);
        string[] head = [.. names.Keys.Where(name => name.StartsWith(Classifier, StringComparison.Ordinal))];
        foreach (string name in head) names.Remove(name);
        return (names, head.Length > 0 ? headReads : null);
    }

    private static string OfBert(string name) => name
        .Replace("transformer.layer.", "encoder.layer.", StringComparison.Ordinal)
        .Replace("attention.q_lin.", "attention.self.query.", StringComparison.Ordinal)
        .Replace("attention.k_lin.", "attention.self.key.", StringComparison.Ordinal)
        .Replace("attention.v_lin.", "attention.self.value.", StringComparison.Ordinal)
        .Replace("attention.out_lin.", "attention.output.dense.", StringComparison.Ordinal)
        .Replace("sa_layer_norm.", "attention.output.LayerNorm.", StringComparison.Ordinal)
        .Replace("ffn.lin1.", "intermediate.dense.", StringComparison.Ordinal)
        .Replace("ffn.lin2.", "output.dense.", StringComparison.Ordinal)
        .Replace("output_layer_norm.", "output.LayerNorm.", StringComparison.Ordinal);

    private static bool IsWords(string name) => name.EndsWith(TextEncoderTensors.Words, StringComparison.Ordinal);

    [GeneratedRegex(@"^(cls\.|vocab_|pre_classifier\.|pooler\.)|(^|\.)position_ids$", RegexOptions.CultureInvariant)]
    private static partial Regex OfOtherTasks();

    [GeneratedRegex(@"^(.*LayerNorm\.)(gamma|beta)$", RegexOptions.CultureInvariant)]
    private static partial Regex OldLayerNorm();

    // Layers between the encoder and Hugging Face's classifier, which makes little sense of anything else.
    [GeneratedRegex(@"^(pre_classifier|pooler)\.", RegexOptions.CultureInvariant)]
    private static partial Regex BeforeClassifier();
}
