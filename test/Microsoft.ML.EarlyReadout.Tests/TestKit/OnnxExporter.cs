using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Writes a network alone as an ONNX graph.</summary>
internal static class OnnxExporter
{
    /// <summary>The name of the graph's input: one batch as stored, float32 or, of tokens, int32.</summary>
    public const string InputName = "features";

    /// <summary>The name of the output of <see cref="ToBytes"/>.</summary>
    public const string LogitsName = "logits";

    /// <summary>Starts a graph with the network in it and no output yet.</summary>
    /// <param name="network">The network, as it is now; its later changes do not reach the graph.</param>
    /// <param name="inputName">The graph's input.</param>
    /// <returns>The graph, and the names of what the network computes in it.</returns>
    public static (OnnxGraph Graph, ExportedNetwork Network) Export(StagedNetwork network, string inputName = InputName)
    {
        var graph = new OnnxGraph(network.GetName());
        return (graph, NetworkExport.Add(graph, network, graph.Input(inputName, network.Shape)));
    }

    /// <summary>
    /// The network alone, from <see cref="InputName"/> to <see cref="LogitsName"/>, as the bytes of an <c>.onnx</c> file.
    /// </summary>
    public static byte[] ToBytes(StagedNetwork network)
    {
        (OnnxGraph graph, ExportedNetwork exported) = Export(network);
        graph.Output(exported.Logits, LogitsName, network.ClassCount);
        return graph.ToBytes();
    }
}
