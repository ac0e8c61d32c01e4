using Google.Protobuf.Collections;
using Microsoft.ML.EarlyReadout.OnnxProto;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Leaves out of a graph what none of its outputs depends on: a runtime would compute it for nothing.</summary>
internal static class GraphPruning
{
    /// <summary>Removes the nodes, constants and inputs that nothing needs; all stay where a node has a graph of its own.</summary>
    /// <param name="graph">The graph.</param>
    public static void Prune(GraphProto graph)
    {
        // What an inner graph reads is not listed.
        if (graph.Node.Any(node => node.Attribute.Any(attribute => attribute.Type == AttributeProto.Types.AttributeType.Graph))) return;
        HashSet<string> needed = [.. graph.Output.Select(output => output.Name)];
        NodeProto[] kept = [.. graph.Node.Reverse().Where(IsNeeded).Reverse()]; // nodes stand in the order in which they run
        graph.Node.Clear();
        graph.Node.AddRange(kept);
        Keep(graph.Input, input => input.Name);
        Keep(graph.Initializer, initializer => initializer.Name);

        bool IsNeeded(NodeProto node)
        {
            if (!node.Output.Any(needed.Contains)) return false;
            needed.UnionWith(node.Input);
            return true;
        }

        void Keep<T>(RepeatedField<T> values, Func<T, string> name)
        {
            T[] read = [.. values.Where(value => needed.Contains(name(value)))];
            values.Clear();
            values.AddRange(read);
        }
    }
}
