using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The word pieces of a BERT model, numbered by their lines in its <c>vocab.txt</c>.</summary>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class BertVocabulary
{
    private const string PaddingName = "[PAD]", UnknownName = "[UNK]", BeginName = "[CLS]", SeparatorName = "[SEP]";

    /// <summary>A vocabulary of these tokens.</summary>
    /// <param name="tokens">The tokens, by number.</param>
    /// <param name="source">Where they come from, as faults name it.</param>
    /// <exception cref="InvalidDataException">[UNK], [CLS] or [SEP] is missing, [PAD] is not the first token, or a token occurs
    /// twice.</exception>
    public BertVocabulary(IReadOnlyList<string> tokens, string source)
    {
        Tokens = tokens;
        string[] missing = [.. new[] { PaddingName, UnknownName, BeginName, SeparatorName }.Except(tokens)];
        if (missing.Length > 0)
            throw new InvalidDataException($"The vocabulary {source} has no {string.Join(", ", missing)}. "
                + "Give the vocab.txt of a BERT model: one token a line.");
        var numbers = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (int i = 0; i < tokens.Count; i++)
            if (!numbers.TryAdd(tokens[i], i))
                throw new InvalidDataException(FormattableString.Invariant(
                    $"The vocabulary {source} has the token '{Excerpt.Of(tokens[i])}' twice, in lines {numbers[tokens[i]] + 1} and ")
                    + FormattableString.Invariant($"{i + 1}."));
        if (numbers[PaddingName] != 0)
            throw new InvalidDataException(FormattableString.Invariant(
                $"The vocabulary {source} has {PaddingName} in line {numbers[PaddingName] + 1}; it must be the first: 0 marks padding."));
        (Unknown, Begin, Separator) = (numbers[UnknownName], numbers[BeginName], numbers[SeparatorName]);
    }

    /// <summary>Reads a <c>vocab.txt</c>: UTF-8, one token a line.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no vocabulary of a BERT model.</exception>
    public static BertVocabulary Load(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no vocabulary '{path}'.", path);
        return new BertVocabulary(File.ReadAllLines(path), $"'{path}'");
    }

    /// <summary>The tokens, by number.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>How many tokens there are: what an embedding must have rows for.</summary>
    public int Size => Tokens.Count;

    /// <summary>[UNK]: a word that no pieces make.</summary>
    public int Unknown { get; }

    /// <summary>[CLS]: the first token of every row.</summary>
    public int Begin { get; }

    /// <summary>[SEP]: the token after each text.</summary>
    public int Separator { get; }

    /// <summary>Whether the vocabulary tells upper-case letters from lower-case ones, as those of cased models do. Letters such as ℝ, which
    /// have no lower case, do not count.</summary>
    public bool IsCased => Tokens.Any(token =>
        !IsSpecial(token) && token.EnumerateRunes().Any(rune => Rune.ToLowerInvariant(rune) != rune));

    /// <summary>Whether a token is a mark such as [MASK] and no piece of a word.</summary>
    private static bool IsSpecial(string token) => token.Length > 2 && token[0] == '[' && token[^1] == ']';
}
