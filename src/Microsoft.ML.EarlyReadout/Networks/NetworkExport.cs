namespace Microsoft.ML.EarlyReadout;

/// <summary>Writes a whole network into an ONNX graph.</summary>
internal static class NetworkExport
{
    /// <summary>Adds the nodes of the network.</summary>
    /// <param name="graph">The graph that grows.</param>
    /// <param name="network">The network.</param>
    /// <param name="input">The name of the value with the batch as stored, float32 or, of tokens, int32.</param>
    /// <returns>The names of the values that it computes.</returns>
    public static ExportedNetwork Add(OnnxGraph graph, StagedNetwork network, string input)
    {
        string value = Sequence.Export(graph, [network.Input, .. network.Stem], input);
        var stages = new List<string> { value };
        foreach (Stage stage in network.Stages) stages.Add(value = Sequence.Export(graph, stage.Layers, value));
        Linear? last = network.LastLinear;
        Layer[] rest = [.. last is null ? network.Head : network.Head.SkipLast(1)];
        int pool = rest.Length - 1;
        while (pool >= 0 && rest[pool] is Dropout) pool--; // it does nothing in inference
        bool pools = pool >= 0 && rest[pool] is GlobalAveragePool;
        string features = Sequence.Export(graph, pools ? rest[..pool] : rest, value);
        string embedding = pools ? Sequence.Export(graph, rest[pool..], features) : features;
        string[] names = ["stem", .. network.Stages.Select(stage => stage.Name)];
        if (last is null)
        {
            return new ExportedNetwork(embedding, null, 0, stages) { StageNames = names, ActivationMaps = pools ? features : null };
        }

        string weight = last.ExportWeight(graph);
        var exported = new ExportedNetwork(last.Export(graph, embedding, weight), embedding, last.Inputs, stages)
        {
            StageNames = names,
        };
        return !pools ? exported : exported with
        {
            ActivationMaps = Linear.ExportAtEachPixel(graph, features, weight),
            FeatureMaps = features,
            FeatureMapShape = ShapeAfter(network, rest[..pool]),
        };
    }

    /// <summary>The shape of what some layers of the head put out, seen by running an empty example.</summary>
    private static ImageShape ShapeAfter(StagedNetwork network, Layer[] layers)
    {
        long[] sizes = StageTap.SizesOf(
            network, example => StagedNetwork.Run(layers, network.ForwardTo(network.Stages.Count, example)));
        return FeatureShape.Image((int)sizes[1], (int)sizes[2], (int)sizes[3]);
    }
}
