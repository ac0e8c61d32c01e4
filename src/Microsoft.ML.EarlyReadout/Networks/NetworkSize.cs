namespace Microsoft.ML.EarlyReadout;

/// <summary>How large a network may be: a model is one ONNX file, whose bytes protobuf counts in an int.</summary>
internal static class NetworkSize
{
    /// <summary>The most bytes of parameters and statistics. The rest is for the graph's nodes, a vocabulary and readouts.</summary>
    public const long MostBytes = int.MaxValue - (64L << 20);

    /// <summary>The bytes of a network's parameters and statistics.</summary>
    public static long Of(StagedNetwork network) =>
        network.state_dict().Values.Sum(tensor => tensor.numel() * tensor.element_size());

    /// <summary>Says that no model can hold a network, and what to change; <see langword="null"/> where one can.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="network">The network.</param>
    public static string? Fault(long bytes, StagedNetwork network)
    {
        if (bytes <= MostBytes) return null;
        return $"The network {network.GetName()} for {network.Shape.Plural} has "
            + FormattableString.Invariant($"{bytes} bytes of weights, and a model, which is one ONNX file of less than 2 GiB, holds ")
            + FormattableString.Invariant($"at most {MostBytes}. Give the feature column fewer numbers, or make the network smaller by ")
            + "Network.HiddenUnits, Channels, Encoder, WeightsPath, Kind or Custom.";
    }
}
