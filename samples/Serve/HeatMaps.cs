using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;
using SkiaSharp;

namespace Serve;

/// <summary>Paints where in an image the network sees its class. The only file that needs MLSieve. Thread-safe.</summary>
internal sealed class HeatMaps : IDisposable
{
    private const string Picture = "HeatMap";
    private static readonly ImageDataViewType _anySize = new();
    private readonly MLContext _ml = new();
    private readonly ITransformer _restored;
    private readonly ITransformer _painting;
    private readonly SchemaDefinition _columns = SchemaDefinition.Create(typeof(Photo));

    // ML.NET takes a column of images without a size once that type is registered; the attribute of a member needs a size.
    static HeatMaps() => DataViewTypeManager.Register(_anySize, typeof(MLImage), new ImageTypeAttribute());

    private HeatMaps(ITransformer restored, DataViewSchema inputSchema, string imageColumn)
    {
        _restored = restored;
        EarlyReadoutTransformer model = EarlyReadoutTransformer.From(restored);
        if (!model.HasActivationMaps)
            throw new NotSupportedException("The network of this model has no activation maps. Serve it without HeatMaps.");
        (_columns[nameof(Photo.Image)].ColumnName, _columns[nameof(Photo.Image)].ColumnType) = (imageColumn, _anySize);
        (TransformerChain<ITransformer> pipeline, _) = ImagePipeline.Of(restored, inputSchema);
        ITransformer preparation = new TransformerChain<ITransformer>([.. pipeline.TakeWhile(part => part != model)]);
        IDataView prepared = preparation.Transform(View([]));
        _painting = preparation.Append(
            _ml.Transforms.ClassActivationMap("Map", model)
                .Append(_ml.Transforms.ActivationMapOverlay(Picture, model.FeatureColumnName, "Map"))
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
        IDataView painted = _painting.Transform(View([new Photo { Image = image }]));
        using MLImage picture = painted.GetColumn<MLImage>(Picture).Single();
        using var pixels = SKImage.FromPixelCopy(
            new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), picture.Pixels.ToArray());
        using SKData png = pixels.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }

    public void Dispose() => (_restored as IDisposable)?.Dispose();

    private IDataView View(Photo[] photos) => _ml.Data.LoadFromEnumerable(photos, _columns);

    private sealed class Photo
    {
        [ImageType(1, 1)]
        public MLImage? Image { get; set; }
    }
}
