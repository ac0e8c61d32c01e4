namespace Microsoft.ML.EarlyReadout;

/// <summary>How a text column becomes tokens.</summary>
/// <param name="VocabularyPath">The vocabulary's file; <see langword="null"/>: learnt from the training texts.</param>
/// <param name="MaxTokens">The most tokens of a row.</param>
/// <param name="IsForWeights">Whether weights are given, which only the vocabulary that they were trained with fits.</param>
internal sealed record TextOptions(string? VocabularyPath, int MaxTokens, bool IsForWeights)
{
    /// <summary>The tokeniser of the model whose weights the network begins with; <see langword="null"/>: none.</summary>
    public BertTokenizer? Earlier { get; init; }
}
