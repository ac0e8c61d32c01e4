using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Paints maps over the images that they belong to: the image in grey where the map is 0, ever more colour where it is high.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Transforms.ActivationMapOverlay(...)</c>.</para>
/// <para>Each map is stretched over its image and scaled by its own maximum, so colours compare places of one picture and not pictures. A
/// map that is 0 everywhere leaves the image grey. Pixels are shown by the range that the model of the maps was trained on; where the maps
/// are of another column, or of no known model, each picture's own numbers decide. Read the pictures by a view; they belong to the reader,
/// who may dispose them. They are not part of a saved model.</para>
/// </remarks>
public sealed class ActivationMapOverlayEstimator : IEstimator<ITransformer>
{
    private readonly TransformsCatalog _catalog;
    private readonly string _output;
    private readonly string _image;
    private readonly string _map;
    private readonly double _opacity;

    internal ActivationMapOverlayEstimator(TransformsCatalog catalog, string output, string image, string map, double opacity)
    {
        var faults = new OptionFaults();
        faults.NotEmpty("outputColumnName", output);
        faults.NotEmpty("imageColumnName", image);
        faults.NotEmpty("mapColumnName", map);
        faults.NoHiddenColumns([new("imageColumnName", image), new("mapColumnName", map)], [new("outputColumnName", output)]);
        faults.InRange(nameof(opacity), opacity, 0, 1);
        faults.ThrowIfAny("ActivationMapOverlay");
        (_catalog, _output, _image, _map, _opacity) = (catalog, output, image, map, opacity);
    }

    /// <summary>Gives the transformer; nothing is learned.</summary>
    /// <param name="input">Rows with images and maps.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        DataViewSchema.Column map = ColumnFinder.Find(input.Schema, _map, "map");
        if (map.Type is not VectorDataViewType { Dimensions: [> 0, > 0] } type || type.ItemType != NumberDataViewType.Single)
            throw ColumnFinder.WrongType(map, "map", "Vector<Single, height, width>", "ClassActivationMap makes it.");
        (int height, int width) = (type.Dimensions[0], type.Dimensions[1]);
        return new ActivationMapOverlayTransformer(Mapping().Fit(input), _image);

        IEstimator<ITransformer> Mapping()
        {
            if (input.Schema.GetColumnOrNull(_image) is { Type: ImageDataViewType } images)
            {
                return Mapping<ImageWithMap>(images, map, row =>
                {
                    MLImage picture = row.Image ?? throw new InvalidOperationException($"A row of column '{_image}' has no image.");
                    var pixels = new byte[3 * picture.Height * picture.Width];
                    RgbPixels.Copy(picture, _image, pixels.AsSpan(), ImageLayout.ChannelsLast);
                    return Paint(pixels, picture.Height, picture.Width, row.Map);
                });
            }

            FeatureColumn vectors = FeatureColumn.Infer(input.Schema, _image, new InputOptions());
            if (vectors.Shape is not ImageShape shape)
                throw ColumnFinder.WrongType(
                    vectors.Column, "image", "an image, or pixels with the dimensions channels, height and width",
                    "ExtractPixels makes such pixels.");
            PixelRange? known = PixelRangeAnnotation.Read(map, _image);
            return Mapping<PixelRow>(vectors.Column, map, row =>
            {
                float[] numbers = [.. row.Image.DenseValues()];
                PixelRange range = known ?? PixelRange.Of(numbers.Min(), numbers.Max());
                return Paint(InterleavedPixels.Of(numbers, shape, range), shape.Height, shape.Width, row.Map);
            });
        }

        MLImage Paint(byte[] pixels, int imageHeight, int imageWidth, VBuffer<float> values)
        {
            if (values.Length != height * width)
                throw new InvalidOperationException($"A row of column '{_map}' has {values.Length} numbers, not {height}×{width}.");
            return MLImage.CreateFromPixels(
                imageWidth, imageHeight, MLPixelFormat.Rgba32,
                HeatOverlay.Paint(pixels, imageHeight, imageWidth, [.. values.DenseValues()], height, width, _opacity));
        }
    }

    /// <summary>The input's columns and the pictures.</summary>
    /// <param name="inputSchema">The shape of the rows' schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnFinder.Require(inputSchema, _map, "map", "Vector<Single, height, width>", ColumnFinder.IsVector);
        ColumnFinder.Require(
            inputSchema, _image, "image", "an image, or pixels",
            column => column.ItemType is ImageDataViewType || ColumnFinder.IsVector(column));
        SchemaShape overlay = MappedColumns.AddTo<OverlayRow>(_catalog, new SchemaShape([]), OutputDefinition());
        return new SchemaShape([.. inputSchema.Where(column => column.Name != _output), overlay.Single(column => column.Name == _output)]);
    }

    private IEstimator<ITransformer> Mapping<TRow>(DataViewSchema.Column image, DataViewSchema.Column map, Func<TRow, MLImage> paint)
        where TRow : class, new()
    {
        SchemaDefinition input = SchemaDefinition.Create(typeof(TRow));
        (input["Image"].ColumnName, input["Image"].ColumnType) = (image.Name, Registered(image.Type));
        (input["Map"].ColumnName, input["Map"].ColumnType) = (map.Name, map.Type);
        return _catalog.CustomMapping<TRow, OverlayRow>((row, overlay) => overlay.Overlay = paint(row), null, input, OutputDefinition());
    }

    private SchemaDefinition OutputDefinition()
    {
        SchemaDefinition output = SchemaDefinition.Create(typeof(OverlayRow));
        (output[nameof(OverlayRow.Overlay)].ColumnName,
        output[nameof(OverlayRow.Overlay)].ColumnType) = (_output, Registered(new ImageDataViewType()));
        return output;
    }

    /// <summary>
    /// Lets mappings read and write images of a size: ML.NET knows the type of a member by its attribute, and of a column only once that is
    /// registered.
    /// </summary>
    private static DataViewType Registered(DataViewType type)
    {
        if (type is ImageDataViewType image)
            DataViewTypeManager.Register(
                image, typeof(MLImage), image.Height == 0 ? new ImageTypeAttribute() : new ImageTypeAttribute(image.Height, image.Width));
        return type;
    }

    private sealed class ImageWithMap
    {
        [ImageType(1, 1)]
        public MLImage? Image { get; set; }

        public VBuffer<float> Map { get; set; }
    }

    private sealed class PixelRow
    {
        public VBuffer<float> Image { get; set; }

        public VBuffer<float> Map { get; set; }
    }

    private sealed class OverlayRow
    {
        [ImageType(1, 1)]
        public MLImage? Overlay { get; set; }
    }
}
