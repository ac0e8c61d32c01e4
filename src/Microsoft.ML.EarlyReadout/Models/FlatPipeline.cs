namespace Microsoft.ML.EarlyReadout;

/// <summary>The transformers of a pipeline in the order in which rows go through them, those of chains within chains too.</summary>
internal static class FlatPipeline
{
    /// <summary>Lists them.</summary>
    public static IEnumerable<ITransformer> Of(ITransformer pipeline) =>
        pipeline is IEnumerable<ITransformer> chain ? chain.SelectMany(Of) : [pipeline];

    /// <summary>The last model of ours that was fitted or made whole; <see langword="null"/> where there is none.</summary>
    public static EarlyReadoutTransformer? ModelIn(ITransformer pipeline) => Of(pipeline).OfType<EarlyReadoutTransformer>().LastOrDefault();
}
