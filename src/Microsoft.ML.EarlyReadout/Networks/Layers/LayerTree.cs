using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Settings that reach every layer below a module, however deep.</summary>
internal static class LayerTree
{
    /// <summary>The module and all below it that are of one type.</summary>
    public static IEnumerable<T> Find<T>(nn.Module root)
    {
        if (root is T found) yield return found;
        foreach (nn.Module child in root.children())
            foreach (T inner in Find<T>(child)) yield return inner;
    }

    /// <summary>Sets the arithmetic of convolutions and linear layers while training.</summary>
    public static void SetPrecision(nn.Module root, Precision precision)
    {
        foreach (IMixedPrecision layer in Find<IMixedPrecision>(root)) layer.Precision = precision;
    }

    /// <summary>Sets where dropout draws from, and for which rows.</summary>
    public static void SetDropoutGenerator(nn.Module root, Generator generator, RankRows? rows = null)
    {
        foreach (Dropout dropout in Find<Dropout>(root)) dropout.SetGenerator(generator, rows);
    }

    /// <summary>Sets over whose rows batch norm takes its statistics.</summary>
    public static void SetRanks(nn.Module root, RankGroup ranks)
    {
        foreach (BatchNorm2d norm in Find<BatchNorm2d>(root)) norm.Ranks = ranks;
    }

    /// <summary>Stores the weights of convolutions channels last, or channels first, in place.</summary>
    public static void SetChannelsLast(nn.Module root, bool channelsLast)
    {
        foreach (Conv2d convolution in Find<Conv2d>(root)) convolution.SetChannelsLast(channelsLast);
    }
}
