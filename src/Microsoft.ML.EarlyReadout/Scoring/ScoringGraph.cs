namespace Microsoft.ML.EarlyReadout;

/// <summary>The one ONNX graph that every way of scoring runs: our batching session, a saved model's OnnxTransformer, and the standalone file.</summary>
/// <param name="Bytes">The bytes of an <c>.onnx</c> file.</param>
/// <param name="Input">The name of its input, of shape (N, …).</param>
/// <param name="Shape">The shape of one example.</param>
/// <param name="Logits">The name of its output of logits, (N, C).</param>
/// <param name="Score">The name of its output of class probabilities, (N, C).</param>
/// <param name="Classes">C.</param>
internal sealed record ScoringGraph(byte[] Bytes, string Input, FeatureShape Shape, string Logits, string Score, int Classes)
{
    // e⁻⁴⁰ is below the 1e-15 at which ML.NET's log loss clips, so raising far logits to there changes no metric. It keeps the head's float sums exact.
    private const float LogitFloor = -40;

    /// <summary>Writes the graph.</summary>
    /// <param name="columns">Input and outputs are named after these.</param>
    /// <param name="head">The stock head that reads the graph's last output in a saved model.</param>
    /// <param name="export">Adds the network's nodes, given the graph and the name of its input; returns the name of the logits.</param>
    public static ScoringGraph Build(ScoringColumns columns, StockHead head, Func<OnnxGraph, string, string> export)
    {
        var graph = new OnnxGraph("EarlyReadout");
        var taken = new HashSet<string> { StockHead.InputColumn };
        string input = Free(columns.GraphInput);
        string score = Free(columns.Score);
        string logits = Free("Logits");
        int classes = head.Classes;

        string z = export(graph, graph.Input(input, columns.Shape.Dimensions));
        graph.Output(z, logits, classes);
        graph.Output(graph.Node("Softmax", [z], ("axis", 1)), score, classes);
        graph.Output(HeadInput(graph, z, head), StockHead.InputColumn, classes);
        return new ScoringGraph(graph.ToBytes(), input, columns.Shape, logits, score, classes);

        string Free(string name) => taken.Add(name) ? name : Free(name + "_");
    }

    private static string HeadInput(OnnxGraph graph, string logits, StockHead head)
    {
        string highest = graph.Node("ReduceMax", [logits], ("axes", new long[] { 1 }), ("keepdims", 1)); // (N, 1)
        string relative = graph.Node("Max", [graph.Node("Sub", [logits, highest]), graph.Constant("logit_floor", [LogitFloor], 1)]); // (N, C)
        string mean = graph.Node("ReduceMean", [relative], ("axes", new long[] { 1 }), ("keepdims", 1)); // (N, 1)
        string centred = graph.Node("Sub", [relative, mean]); // (N, C): softmax sees no shift, and sums around zero lose the least
        string shifted = graph.Node("Sub", [centred, graph.Constant("head_shift", head.Shift, head.Classes)]);
        return graph.Node("MatMul", [shifted, graph.Constant("head_matrix", head.Matrix, head.Classes, head.Classes)]);
    }
}
