using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using SkiaSharp;

namespace Serve;

/// <summary>Paints where in an image the network sees its class. The only file that needs MLSieve. Thread-safe.</summary>
internal sealed class HeatMaps : IDisposable
{
    private const string Picture = "HeatMap";
    private readonly ITransformer _restored;
    private readonly ITransformer _painting;
    private readonly DataViewSchema _schema;
    private readonly DataViewSchema.Column _image;

    private HeatMaps(ITransformer restored, DataViewSchema inputSchema, string imageColumn)
    {
        _restored = restored;
        EarlyReadoutTransformer model = EarlyReadoutTransformer.From(restored);
        if (!model.HasActivationMaps)
            throw new NotSupportedException("The network of this model has no activation maps. Serve it without HeatMaps.");
        (TransformerChain<ITransformer> pipeline, _schema) = ImagePipeline.Of(restored, inputSchema);
        _image = _schema[imageColumn];
        // Some of its steps may be for other columns, such as the label: they are there, and are not read.
        ITransformer preparation = new TransformerChain<ITransformer>([.. pipeline.TakeWhile(part => part != model)]);
        IDataView prepared = preparation.Transform(new ImageView(_schema, _image, null));
        var ml = new MLContext();
        _painting = preparation.Append(
            ml.Transforms.ClassActivationMap("Map", model)
                .Append(ml.Transforms.ActivationMapOverlay(Picture, model.FeatureColumnName, "Map"))
                .Fit(prepared));
    }

    /// <summary>Loads the same file once more, whole.</summary>
    /// <param name="path">The zip.</param>
    /// <param name="imageColumn">The column of images.</param>
    /// <exception cref="NotSupportedException">Its network has no maps.</exception>
    public static HeatMaps Load(string path, string imageColumn)
    {
        var ml = new MLContext();
        (ml.Model.Load(path, out DataViewSchema schema) as IDisposable)?.Dispose();
        ITransformer restored = EarlyReadoutTransformer.RestoreIn(path, ml);
        try
        {
            return new HeatMaps(restored, schema, imageColumn);
        }
        catch
        {
            (restored as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>Paints the map of the predicted class over an image, which stays the caller's.</summary>
    /// <returns>A PNG file, of the size that the network reads.</returns>
    public byte[] Paint(MLImage image)
    {
        IDataView painted = _painting.Transform(new ImageView(_schema, _image, image));
        using MLImage picture = painted.GetColumn<MLImage>(Picture).Single();
        using var pixels = SKImage.FromPixelCopy(
            new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), picture.Pixels.ToArray());
        using SKData png = pixels.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }

    public void Dispose() => (_restored as IDisposable)?.Dispose();
}
