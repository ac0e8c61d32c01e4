using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A column of float vectors. Its dimensions, or the options, tell whether they are the pixels of images.</summary>
internal sealed class VectorFormat : FeatureFormat
{
    /// <inheritdoc/>
    public override string Contents => "vectors";

    /// <inheritdoc/>
    public override string GraphContents => "numbers";

    /// <inheritdoc/>
    protected override string ColumnType => "Vector<Single> of known size";

    /// <inheritdoc/>
    public override bool Holds(DataViewType type) =>
        type is VectorDataViewType { ItemType: NumberDataViewType item } && item == NumberDataViewType.Single;

    /// <inheritdoc/>
    public override bool Holds(SchemaShape.Column promised) => ColumnFinder.IsVector(promised);

    /// <inheritdoc/>
    public override bool IsOfAnySize(DataViewType type) => false;

    /// <inheritdoc/>
    public override bool Holds(DataViewType type, FeatureShape shape, bool ofAnySize) =>
        Holds(type) && ((VectorDataViewType)type).Size == shape.Size;

    /// <inheritdoc/>
    public override string ExpectedOf(FeatureShape shape, bool ofAnySize) => $"Vector<Single, {shape.Size}>";

    /// <inheritdoc/>
    public override FeatureShape ShapeIn(DataViewSchema.Column column, InputOptions input)
    {
        var type = (VectorDataViewType)column.Type;
        if (!type.IsKnownSize)
        {
            throw ColumnFinder.WrongType(column, Role, Expected,
                "Its rows may differ in length: give it a size where it is loaded ([VectorType(n)] or TextLoader.Range), or use a "
                + "transform that fixes one, such as ResizeImages before ExtractPixels.");
        }

        int[] given = [input.Channels, input.Height, input.Width];
        if (type.Dimensions.Length == 3 && OfDimensions(type.Dimensions[0], type.Dimensions[1], type.Dimensions[2], input) is { } image)
            return image;
        if (given.All(each => each == 0))
            return FeatureShape.Vector(type.Size);
        if (type.Dimensions.Length == 3)
        {
            throw ColumnFinder.Mismatch($"The feature column '{column.Name}' has the dimensions {string.Join("×", type.Dimensions)}, "
                + $"which fit the input options {Describe(input)} neither as channels×height×width nor as height×width×channels.");
        }

        return OfFlat(column, type.Size, given, input);
    }

    // ExtractPixels writes (C, H, W), or (H, W, C) where it interleaves; C is 1, 3 or, with alpha, 4. Where both readings fit, its
    // default wins.
    private static ImageShape? OfDimensions(int first, int second, int third, InputOptions input)
    {
        return Fits(first, second, third) ? new ImageShape(ImageLayout.ChannelsFirst, first, second, third)
            : Fits(third, first, second) ? new ImageShape(ImageLayout.ChannelsLast, third, first, second)
            : null;

        bool Fits(int channels, int height, int width) =>
            (input.Channels == 0 ? IsUsual(channels) : channels == input.Channels)
            && (input.Height == 0 || height == input.Height) && (input.Width == 0 || width == input.Width);
    }

    private static bool IsUsual(int channels) => channels is 1 or 3 or 4;

    private static ImageShape OfFlat(DataViewSchema.Column column, int size, int[] given, InputOptions input)
    {
        long product = given.Where(each => each > 0).Aggregate(1L, (all, each) => all * each);
        int missing = given.Count(each => each == 0);
        if (missing > 1)
        {
            throw ColumnFinder.Mismatch($"The feature column '{column.Name}' is a flat vector of {size} numbers: to read it as images, set "
                + $"the input options Height and Width, not only {Describe(input)}.");
        }

        if (missing == 1 ? size % product != 0 : product != size)
        {
            throw ColumnFinder.Mismatch($"The feature column '{column.Name}' has {size} numbers, but the input options {Describe(input)} "
                + (missing == 1 ? $"need a multiple of {product}." : $"need {product}."));
        }

        int rest = (int)(size / product);
        if (input.Channels == 0 && !IsUsual(rest))
        {
            throw ColumnFinder.Mismatch($"The feature column '{column.Name}' has {size} numbers, of which the input options "
                + $"{Describe(input)} make images of {rest} channels; expected 1, 3 or 4. Correct Height and Width, or set Channels to "
                + $"{rest} if that is what the numbers are.");
        }

        return FeatureShape.Image(given[0] > 0 ? given[0] : rest, given[1] > 0 ? given[1] : rest, given[2] > 0 ? given[2] : rest);
    }

    private static string Describe(InputOptions input) => string.Join(", ",
        new[] { ("Channels", input.Channels), ("Height", input.Height), ("Width", input.Width) }
            .Where(each => each.Item2 > 0).Select(each => $"{each.Item1} {each.Item2}"));
}
