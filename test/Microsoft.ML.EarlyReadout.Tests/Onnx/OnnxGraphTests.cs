using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class OnnxGraphTests
{
    [Fact]
    public void A_graph_runs_at_any_batch_size_and_states_its_shapes()
    {
        var graph = new OnnxGraph("sum");
        string x = graph.Input("x", 2);
        string y = graph.Node("Add", [x, graph.Constant("shift", [10f, 20f], 2)]);
        graph.Output(y, "y", 2);
        graph.Output(x, x, 2); // an input may be an output as it is
        using var session = new InferenceSession(graph.ToBytes());
        Assert.Equal("MLSieve", session.ModelMetadata.ProducerName);
        Assert.Equal([-1, 2], session.InputMetadata["x"].Dimensions);
        Assert.Equal("N", session.InputMetadata["x"].SymbolicDimensions[0]);
        Assert.Equal([11f, 22f, 13f, 24f], Run(session, [1, 2, 3, 4], "y"));
        Assert.Equal([11f, 22f], Run(session, [1, 2], "y"));
    }

    [Fact]
    public void Tensors_of_both_types_become_constants_and_a_node_may_have_several_outputs()
    {
        using var scope = NewDisposeScope();
        var graph = new OnnxGraph("top");
        string x = graph.Input("x", 2);
        // a strided view: 2, 4
        string scaled = graph.Node("Mul", [x, graph.Constant("factor", tensor(new[] { 1f, 2f, 3f, 4f }, [2, 2]).t()[1])]);
        IReadOnlyList<string> top = graph.Node("TopK", [scaled, graph.Constant("k", tensor(new[] { 1L }))], 2, ("axis", 1));
        graph.Output(top[0], "highest", 1);
        using var session = new InferenceSession(graph.ToBytes());
        Assert.Equal([4f, 20f], Run(session, [1, 1, 10, 1], "highest"));
    }

    [Fact]
    public void Wrong_use_is_an_error_that_names_the_value()
    {
        var graph = new OnnxGraph("wrong");
        graph.Input("x", 2);
        Assert.Contains("a value named 'x'", Assert.Throws<ArgumentException>(() => graph.Input("x", 2)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'w' has 3 numbers, but its dimensions (2, 2) hold 4",
            Assert.Throws<ArgumentException>(() => graph.Constant("w", [1f, 2f, 3f], 2, 2)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "'axis' is a DateTime", Assert.Throws<ArgumentException>(() => graph.Node("Concat", ["x"], ("axis", DateTime.Now))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_unique_even_against_names_that_were_given()
    {
        var graph = new OnnxGraph("names");
        string x = graph.Input("Relu_1", 2);
        Assert.Equal("Relu_2", graph.Node("Relu", [x]));
        Assert.Equal("Relu_3", graph.Node("Relu", [x]));
    }

    private static float[] Run(InferenceSession session, float[] x, string output)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(x, [x.Length / 2, 2]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["x"], [input], [output]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
