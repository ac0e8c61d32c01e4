using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The shape of a feature vector: (D).</summary>
/// <param name="Length">D.</param>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed record VectorShape(int Length) : FeatureShape
{
    /// <inheritdoc/>
    public override int Size => Length;

    /// <inheritdoc/>
    public override int Channels => Length;

    /// <inheritdoc/>
    public override long[] Dimensions => [Length];

    /// <inheritdoc/>
    internal override ScalarType StoredType => ScalarType.Float32;

    /// <inheritdoc/>
    internal override NumberDataViewType GraphType => NumberDataViewType.Single;

    /// <inheritdoc/>
    internal override bool HasValueRange => false;

    /// <inheritdoc/>
    internal override bool IsConvolved => false;

    /// <inheritdoc/>
    internal override string Plural => FormattableString.Invariant($"vectors of {Length} numbers");
}
