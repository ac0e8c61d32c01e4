using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// BERT or DistilBERT with a classifier, under Hugging Face's names of BERT (<c>embeddings</c>, <c>encoder.layer.0</c>, …) and
/// <c>classifier</c>; a stage is a transformer layer, the stem the embeddings.
/// </summary>
/// <remarks>
/// (B, L), 0 where padded → (B, classes). Each stage puts out (B, L, H), zero where padded. Devlin et al., "BERT", NAACL 2019; Sanh et al.,
/// "DistilBERT", 2019, whose layers are BERT's, without token types.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class TextEncoder : StagedNetwork
{
    /// <summary>Creates the network; <see cref="StagedNetwork.Initialize"/> draws its weights.</summary>
    /// <param name="name">The name of the kind of network, for messages.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="sizes">The sizes of its layers.</param>
    /// <param name="pooling">What the classifier reads of the last layer's tokens.</param>
    /// <param name="dropout">The probability of 0 while training, in every layer and before the classifier.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentException">The examples are no texts, are longer than the positions, or are of a vocabulary of another size
    /// than the embeddings.</exception>
    public TextEncoder(string name, FeatureShape shape, TextEncoderSizes sizes, TokenPooling pooling, double dropout, int classes)
        : base(name, shape, classes)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        TokenShape tokens = RequireTokens(name, shape);
        if (tokens.Vocabulary != sizes.Vocabulary)
        {
            throw new ArgumentException(FormattableString.Invariant($"The vocabulary has {tokens.Vocabulary} tokens, and the weights of ")
                + FormattableString.Invariant($"{name} have embeddings of {sizes.Vocabulary}. Give the vocabulary that the weights were ")
                + "trained with (Network.VocabularyPath).");
        }

        if (tokens.Length > sizes.Positions)
        {
            throw new ArgumentException(FormattableString.Invariant($"Network.MaxTokens is {tokens.Length}, and {name} has ")
                + FormattableString.Invariant($"{sizes.Positions} positions; give at most so many."));
        }

        SetStem(Register("embeddings",
            new TokenEmbeddings(sizes.Vocabulary, sizes.Width, sizes.Positions, sizes.TokenTypes, tokens.Separator, dropout)));
        for (int k = 1; k <= sizes.Layers; k++)
        {
            AddStage(FormattableString.Invariant($"layer{k}"), Register(
                FormattableString.Invariant($"encoder.layer.{k - 1}"),
                new TransformerLayer(sizes.Width, sizes.Heads, sizes.FeedForwardWidth, dropout)));
        }

        (Pooling, Heads) = (pooling, sizes.Heads);
        SetHead("classifier", Register("pool", new TokenPool(pooling)), Register("dropout", new Dropout(dropout)),
            Register("classifier", new Linear(sizes.Width, classes)));
    }

    /// <summary>What the classifier reads of the last layer's tokens.</summary>
    public TokenPooling Pooling { get; }

    /// <summary>The heads of attention in each layer.</summary>
    internal int Heads { get; }

    private static TokenShape RequireTokens(string name, FeatureShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape as TokenShape ?? throw new ArgumentException(
            $"{name} needs texts, and the feature column holds {shape.Plural}. Name a text column, or choose another network.");
    }
}
