namespace Microsoft.ML.EarlyReadout;

/// <summary>What the tensors of a residual network, under torchvision's names, tell about it.</summary>
internal static class ResNetTensors
{
    private const string First = "conv1.weight";

    /// <summary>The stem that the tensors have; <see langword="null"/> where they have none that is known.</summary>
    /// <param name="names">Their names, under whatever prefix.</param>
    /// <param name="shapeOf">Gives the shape of one.</param>
    public static ResNetStem? StemOf(IEnumerable<string> names, Func<string, IReadOnlyList<long>> shapeOf)
    {
        // Blocks have a convolution of that name too, under a longer one.
        string? first = names.Where(name => name == First || name.EndsWith("." + First, StringComparison.Ordinal))
            .MinBy(name => name.Length);
        if (first is null) return null;
        return shapeOf(first) switch
        {
            [_, _, 3, 3] => ResNetStem.Small,
            [_, _, 7, 7] => ResNetStem.ImageNet,
            _ => null,
        };
    }
}
