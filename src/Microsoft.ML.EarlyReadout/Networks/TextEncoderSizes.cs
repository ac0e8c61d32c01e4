using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The sizes of a text encoder's layers.</summary>
/// <param name="Vocabulary">Tokens in the vocabulary.</param>
/// <param name="Width">H: numbers for each token between the layers.</param>
/// <param name="Layers">Transformer layers, at least 1.</param>
/// <param name="Heads">Heads of attention, a divisor of the width.</param>
/// <param name="FeedForwardWidth">Numbers for each token within a layer.</param>
/// <param name="Positions">The most tokens of a row.</param>
/// <param name="TokenTypes">Embeddings that tell the texts of a pair apart: 2 in BERT, none in DistilBERT.</param>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed record TextEncoderSizes(
    int Vocabulary, int Width, int Layers, int Heads, int FeedForwardWidth, int Positions, int TokenTypes);
