namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The one ONNX graph that every way of scoring runs: our batching session, a saved model's OnnxTransformer, and the standalone file.
/// </summary>
/// <param name="Bytes">The bytes of an <c>.onnx</c> file.</param>
/// <param name="Input">The name of its input, of shape (N, …).</param>
/// <param name="Shape">The shape of one example.</param>
/// <param name="Logits">The name of its output of logits, (N, C).</param>
/// <param name="Network">Its outputs of the network's prediction.</param>
/// <param name="Readouts">Its outputs of each readout's.</param>
/// <param name="Classes">C.</param>
internal sealed record ScoringGraph(
    byte[] Bytes, string Input, FeatureShape Shape, string Logits, GraphHead Network, IReadOnlyList<GraphHead> Readouts, int Classes)
{
    // e⁻⁴⁰ is below the 1e-15 at which ML.NET's log loss clips, so raising far logits to there changes no metric. The head multiplies each
    // by zeros, which infinity does not bear.
    private const float LogitFloor = -40;

    /// <summary>The name of its input of second texts; <see langword="null"/> where a row has none.</summary>
    public string? SecondInput { get; init; }

    /// <summary>The names of its inputs.</summary>
    public string[] Inputs => SecondInput is { } second ? [Input, second] : [Input];

    /// <summary>The name of the value with the tokens of texts, (N, L), int32, which other nodes of the graph make of the input;
    /// <see langword="null"/> where examples are no texts.</summary>
    public string? Tokens { get; init; }

    /// <summary>The name of its output of class activation maps, (N, C, h, w); <see langword="null"/> where the network has none.</summary>
    public string? ActivationMaps { get; init; }

    /// <summary>The name of its output of feature maps, (N, C, h, w); <see langword="null"/> where the network has none.</summary>
    public string? FeatureMaps { get; init; }

    /// <summary>What each stage of the network puts out, from what stage 1 reads; none where the network has no stages.</summary>
    public IReadOnlyList<GraphStage> Stages { get; init; } = [];

    /// <summary>The same graph without maps, as bytes: ONNX Runtime computes every output, asked for or not.</summary>
    public byte[] WithoutMaps()
    {
        string[] maps = [.. new[] { FeatureMaps, ActivationMaps }.OfType<string>()];
        return maps.Length == 0 ? Bytes : OnnxGraph.RemoveOutputs(Bytes, maps);
    }

    /// <summary>The network's outputs, then the readouts'.</summary>
    public IEnumerable<GraphHead> Heads => Readouts.Prepend(Network);

    /// <summary>Writes the graph.</summary>
    /// <param name="columns">Input and outputs are named after these.</param>
    /// <param name="head">The stock head that reads the graph's head inputs in a saved model.</param>
    /// <param name="margin">The stock scalar that reads its margin inputs; <see langword="null"/> where there are no readouts.</param>
    /// <param name="export">Adds the network's and the readouts' nodes, given the graph and the name of its input; returns the names of
    /// what they compute.</param>
    public static ScoringGraph Build(
        ScoringColumns columns, StockHead head, StockMargin? margin, Func<OnnxGraph, string, GraphValues> export)
    {
        var graph = new OnnxGraph("EarlyReadout");
        var taken = new HashSet<string> { StockHead.InputColumn };
        string input = Unique(columns.GraphInput);
        string? second = columns.SecondText is { } name ? Unique(name) : null;
        string score = Unique(columns.Score);
        string logits = Unique("Logits");
        int classes = head.Classes;

        string? tokens = columns.Tokenizer?.Export(graph, graph.TextInput(input), second is null ? null : graph.TextInput(second));
        GraphValues values = export(graph, tokens ?? graph.Input(input, columns.Shape));
        graph.Output(values.Network.Logits, logits, classes);
        if (values.Network.Embedding is { } embedding) graph.Output(embedding, Unique("Embedding"), values.Network.EmbeddingSize);
        string? features = values.Network.FeatureMaps is null ? null : Unique("FeatureMaps");
        if (features is not null) graph.Output(values.Network.FeatureMaps!, features, values.Network.FeatureMapShape!.Dimensions);
        string? maps = values.Network.ActivationMaps is null ? null : Unique("ActivationMaps");
        if (maps is not null) graph.Output(values.Network.ActivationMaps!, maps, classes, OnnxGraph.AnySize, OnnxGraph.AnySize);
        GraphHead network = Head(values.Network.Logits, score, StockHead.InputColumn);
        GraphHead[] readouts = [.. values.Readouts.Zip(columns.Readouts, Enumerable.Range(1, values.Readouts.Count)).Select(Readout)];
        return new ScoringGraph(graph.ToBytes(), input, columns.Shape, logits, network, readouts, classes)
        {
            SecondInput = second,
            Tokens = tokens,
            FeatureMaps = features,
            ActivationMaps = maps,
            Stages = [.. values.Network.StageNames.Zip(values.Network.Stages, (name, value) => new GraphStage(name, value))],
        };

        // Inner columns are numbered, not named after the readout: ML.NET's OnnxTransformer takes ".output" out of names.
        GraphHead Readout((string Logits, ReadoutColumns Names, int Number) readout)
        {
            (string logits, ReadoutColumns names, int number) = readout;
            GraphHead outputs = Head(logits, Unique(names.Score), Unique(FormattableString.Invariant($"{StockHead.InputColumn}.{number}")));
            string marginInput = Unique(FormattableString.Invariant($"{StockMargin.InputColumn}.{number}"));
            graph.Output(MarginInput(graph, outputs.Score, margin!), marginInput, 1);
            return outputs with { MarginInput = marginInput };
        }

        GraphHead Head(string logits, string score, string headInput)
        {
            graph.Output(graph.Node("Softmax", [logits], ("axis", 1)), score, classes);
            graph.Output(HeadInput(graph, logits, head), headInput, classes);
            return new GraphHead(score, headInput);
        }

        string Unique(string name) => taken.Add(name) ? name : Unique(name + "_");
    }

    private static string HeadInput(OnnxGraph graph, string logits, StockHead head)
    {
        string highest = graph.Node("ReduceMax", [logits], ("axes", new long[] { 1 }), ("keepdims", 1)); // (N, 1)
        // (N, C)
        string relative = graph.Node("Max", [graph.Node("Sub", [logits, highest]), graph.Constant("logit_floor", [LogitFloor], 1)]);
        string shifted = graph.Node("Sub", [relative, graph.Constant("head_shift", head.Shift, head.Classes)]);
        return graph.Node("Div", [shifted, graph.Constant("head_scale", head.Scale, head.Classes)]);
    }

    private static string MarginInput(OnnxGraph graph, string probabilities, StockMargin margin)
    {
        string top = graph.Node("TopK", [probabilities, graph.Constant("two", [2L], 1)], 2, ("axis", 1))[0]; // (N, 2)
        string difference = graph.Node("MatMul", [top, graph.Constant("first_less_second", [1f, -1f], 2, 1)]); // (N, 1)
        string shifted = graph.Node("Sub", [difference, graph.Constant("margin_shift", [margin.Shift], 1)]);
        return graph.Node("Div", [shifted, graph.Constant("margin_weight", [margin.Weight], 1)]);
    }
}
