using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Stores a (B, C, H, W) tensor with its channels next to each other, which TorchSharp has no call for.</summary>
internal static class ChannelsLastStorage
{
    /// <summary>The same numbers under the same shape, stored in the order (B, H, W, C).</summary>
    public static Tensor Of(Tensor image) => image.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
