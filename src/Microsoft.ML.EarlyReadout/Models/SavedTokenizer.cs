namespace Microsoft.ML.EarlyReadout;

/// <summary>The tokeniser of a saved model.</summary>
/// <param name="Vocabulary">The tokens, by number.</param>
/// <param name="MaxTokens">The most tokens of a row.</param>
/// <param name="Lowercase">Whether letters become lower-case.</param>
internal sealed record SavedTokenizer(IReadOnlyList<string> Vocabulary, int MaxTokens, bool Lowercase)
{
    /// <summary>Describes a tokeniser; <see langword="null"/> where there is none.</summary>
    public static SavedTokenizer? Of(BertTokenizer? tokenizer) =>
        tokenizer is null ? null : new(tokenizer.Vocabulary.Tokens, tokenizer.MaxTokens, tokenizer.Lowercase);

    public BertVocabulary ToVocabulary() => new(Vocabulary, "of the model");

    public BertTokenizer ToTokenizer() => new(ToVocabulary(), MaxTokens, Lowercase);
}
