using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Serve;

/// <summary>Turns a pipeline that loads images by path into one that is given images.</summary>
internal static class ImagePipeline
{
    /// <summary>The pipeline without <c>LoadImages</c>, and the columns that it then reads: the images among them.</summary>
    /// <param name="pipeline">A loaded pipeline; other pipelines stay as they are.</param>
    /// <param name="inputSchema">The columns that it was fitted to.</param>
    public static (TransformerChain<ITransformer> Pipeline, DataViewSchema Schema) Of(ITransformer pipeline, DataViewSchema inputSchema)
    {
        DataViewSchema schema = inputSchema;
        List<ITransformer> kept = [];
        foreach (ITransformer part in Flat(pipeline))
        {
            if (part is ImageLoadingTransformer) schema = part.GetOutputSchema(schema); // the images are columns that are given now
            else kept.Add(part);
        }

        return (new TransformerChain<ITransformer>([.. kept]), schema);
    }

    private static IEnumerable<ITransformer> Flat(ITransformer pipeline) =>
        pipeline is IEnumerable<ITransformer> chain ? chain.SelectMany(Flat) : [pipeline];
}
