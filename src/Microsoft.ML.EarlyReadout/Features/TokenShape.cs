using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The shape of a tokenised text: (L), whole numbers, 0 where the text is shorter.</summary>
/// <remarks>A batch has as many columns as its longest row has tokens.</remarks>
/// <param name="Length">L, the most tokens of a row.</param>
/// <param name="Vocabulary">Tokens in the vocabulary: the numbers are below it.</param>
/// <param name="Separator">The token that ends each text, [SEP].</param>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed record TokenShape(int Length, int Vocabulary, int Separator) : FeatureShape
{
    /// <inheritdoc/>
    public override int Size => Length;

    /// <inheritdoc/>
    public override int Channels => Length;

    /// <inheritdoc/>
    public override long[] Dimensions => [Length];

    /// <inheritdoc/>
    internal override ScalarType StoredType => ScalarType.Int32;

    /// <inheritdoc/>
    internal override NumberDataViewType GraphType => NumberDataViewType.Int32;

    /// <inheritdoc/>
    internal override bool HasValueRange => false;

    /// <inheritdoc/>
    internal override bool IsConvolved => false;

    /// <inheritdoc/>
    internal override string Plural => FormattableString.Invariant($"texts of up to {Length} tokens");
}
