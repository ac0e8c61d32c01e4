using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The shape of an image: (C, H, W) or (H, W, C).</summary>
/// <param name="Layout">The order of the numbers.</param>
/// <param name="Channels">Channels, at least 1; pictures have 1, 3, or 4 with alpha.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Width">Width in pixels.</param>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed record ImageShape(ImageLayout Layout, int Channels, int Height, int Width) : FeatureShape
{
    /// <inheritdoc/>
    public override int Channels { get; } = Channels;

    /// <inheritdoc/>
    public override int Size => Channels * Height * Width;

    /// <inheritdoc/>
    public override long[] Dimensions => Layout switch
    {
        ImageLayout.ChannelsFirst => [Channels, Height, Width],
        ImageLayout.ChannelsLast => [Height, Width, Channels],
        _ => throw new UnreachableException($"No layout {Layout}."),
    };

    /// <summary>The lesser of height and width.</summary>
    internal int ShorterSide => Math.Min(Height, Width);

    /// <inheritdoc/>
    internal override ScalarType StoredType => ScalarType.Byte;

    /// <inheritdoc/>
    internal override NumberDataViewType GraphType => NumberDataViewType.Single;

    /// <inheritdoc/>
    internal override bool HasValueRange => true;

    /// <inheritdoc/>
    internal override bool IsConvolved => true;

    /// <inheritdoc/>
    internal override string Plural => FormattableString.Invariant($"images of {Channels} channels and {Height}×{Width} pixels");
}
