using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A column of images. Red, green and blue are read; the graph reads what <c>ExtractPixels</c> makes of them.</summary>
internal sealed class ImageFormat : FeatureFormat
{
    private const int Channels = 3;

    /// <summary>Why a column of images may be missing, and what to do.</summary>
    public const string Dropped = "ML.NET's Cache, AppendCacheCheckpoint and ShuffleRows drop columns of images: use them before "
        + "LoadImages or after ExtractPixels.";

    /// <inheritdoc/>
    public override PixelRange Range => PixelRange.Bytes;

    /// <inheritdoc/>
    public override string Contents => "images";

    /// <inheritdoc/>
    public override string GraphContents => "pixels";

    /// <inheritdoc/>
    protected override string ColumnType => "an image";

    /// <summary>The column that <see cref="Resizing"/> adds.</summary>
    public static string Sized(string feature) => feature + ".Sized";

    /// <summary>The stock transform that brings images to a size.</summary>
    public static IEstimator<ITransformer> Resizing(MLContext ml, string feature, ImageShape shape) =>
        ml.Transforms.ResizeImages(Sized(feature), shape.Width, shape.Height, feature);

    /// <inheritdoc/>
    public override bool Holds(DataViewType type) => type is ImageDataViewType;

    /// <inheritdoc/>
    public override bool Holds(SchemaShape.Column promised) => promised.ItemType is ImageDataViewType;

    /// <inheritdoc/>
    public override bool IsOfAnySize(DataViewType type) => type is ImageDataViewType { Height: 0 };

    /// <inheritdoc/>
    public override bool Holds(DataViewType type, FeatureShape shape, bool ofAnySize) =>
        type is ImageDataViewType image
        && (ofAnySize || (shape is ImageShape sized && image.Height == sized.Height && image.Width == sized.Width));

    /// <inheritdoc/>
    public override string ExpectedOf(FeatureShape shape, bool ofAnySize)
    {
        if (ofAnySize) return "an image";
        var image = (ImageShape)shape;
        return $"an image of {image.Height}x{image.Width} pixels, as in the training data (ResizeImages makes one)";
    }

    /// <inheritdoc/>
    public override FeatureShape? ShapeIn(DataViewSchema.Column column, InputOptions input)
    {
        var type = (ImageDataViewType)column.Type;
        if (input.Channels is not (0 or Channels))
        {
            throw ColumnFinder.Mismatch($"The input option Channels is {input.Channels}, but the images of column '{column.Name}' are read "
                + "with 3 channels (red, green, blue).");
        }

        int height = Agreed(nameof(input.Height), input.Height, type.Height);
        int width = Agreed(nameof(input.Width), input.Width, type.Width);
        if ((height > 0) != (width > 0))
        {
            string given = height > 0 ? $"{nameof(input.Height)} {height}" : $"{nameof(input.Width)} {width}";
            throw ColumnFinder.Mismatch($"The images of column '{column.Name}' are of no known size: to give one, set the input options "
                + $"Height and Width, not only {given}.");
        }

        return height > 0 ? FeatureShape.Image(Channels, height, width) : null;

        int Agreed(string side, int option, int known) => option > 0 && known > 0 && option != known
            ? throw ColumnFinder.Mismatch($"The input option {side} is {option}, but the images of column '{column.Name}' have {known}.")
            : Math.Max(option, known);
    }

    /// <inheritdoc/>
    public override string GraphInput(string feature) => feature + ".Pixels";

    /// <inheritdoc/>
    public override IReadOnlyList<string> StockColumns(string feature) => [GraphInput(feature), Sized(feature)];

    /// <inheritdoc/>
    public override IEnumerable<(IEstimator<ITransformer> Step, string Column)> StockSteps(
        MLContext ml, string feature, FeatureShape shape, bool ofAnySize)
    {
        var image = (ImageShape)shape;
        if (ofAnySize) yield return (Resizing(ml, feature, image), Sized(feature));
        (string images, string pixels) = (ofAnySize ? Sized(feature) : feature, GraphInput(feature));
        yield return (ml.Transforms.ExtractPixels(pixels, images, interleavePixelColors: image.Layout == ImageLayout.ChannelsLast), pixels);
    }

    /// <inheritdoc/>
    public override IEstimator<ITransformer> ToVectors(MLContext ml, string vectors, string feature) =>
        ml.Transforms.ExtractPixels(vectors, feature);
}
