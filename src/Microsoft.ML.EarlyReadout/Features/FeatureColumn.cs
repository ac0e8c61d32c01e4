using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The feature column of a view and the shape of one example in it, as far as the column's type and the options tell it.</summary>
/// <param name="Column">The column.</param>
/// <param name="Shape">The shape; <see langword="null"/> for images of unknown size, whose first row decides.</param>
internal sealed record FeatureColumn(DataViewSchema.Column Column, FeatureShape? Shape)
{
    private const string Role = "feature";
    private const string Expected = "Vector<Single> of known size, or an image";

    /// <summary>Whether the column holds images rather than vectors.</summary>
    public bool HoldsImages => Column.Type is ImageDataViewType;

    /// <summary>Finds the column and infers the shape.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="input">The image size that the user gives; zeros are unknown.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, has a type that cannot be trained on, or contradicts the options.</exception>
    public static FeatureColumn Infer(DataViewSchema schema, string name, InputOptions input)
    {
        var column = ColumnFinder.Find(schema, name, Role);
        return new(column, column.Type switch
        {
            ImageDataViewType image => OfImages(column, image, input),
            VectorDataViewType { ItemType: NumberDataViewType item } vector when item == NumberDataViewType.Single => OfVectors(column, vector, input),
            VectorDataViewType { ItemType: KeyDataViewType } => throw ColumnFinder.WrongType(column, Role, Expected, "Add Conversion.MapKeyToVector."),
            VectorDataViewType { ItemType: NumberDataViewType or BooleanDataViewType } =>
                throw ColumnFinder.WrongType(column, Role, Expected, $"Add Conversion.ConvertType(\"{name}\", outputKind: DataKind.Single)."),
            NumberDataViewType or BooleanDataViewType =>
                throw ColumnFinder.WrongType(column, Role, Expected, "Convert single numbers to Single and gather them by Concatenate."),
            _ => throw ColumnFinder.WrongType(column, Role, Expected, "Turn it into numbers first, for instance by ExtractPixels, OneHotEncoding or FeaturizeText."),
        });
    }

    private static FeatureShape? OfImages(DataViewSchema.Column column, ImageDataViewType type, InputOptions input)
    {
        if (input.Channels is not (0 or 3))
            throw ColumnFinder.Mismatch($"The input option Channels is {input.Channels}, but the images of column '{column.Name}' are read with 3 channels (red, green, blue).");
        int height = Agreed(nameof(input.Height), input.Height, type.Height);
        int width = Agreed(nameof(input.Width), input.Width, type.Width);
        return height > 0 && width > 0 ? FeatureShape.Image(3, height, width) : null;

        int Agreed(string side, int option, int known) => option > 0 && known > 0 && option != known
            ? throw ColumnFinder.Mismatch($"The input option {side} is {option}, but the images of column '{column.Name}' have {known}.")
            : Math.Max(option, known);
    }

    private static FeatureShape OfVectors(DataViewSchema.Column column, VectorDataViewType type, InputOptions input)
    {
        if (!type.IsKnownSize)
        {
            throw ColumnFinder.WrongType(column, Role, Expected,
                "Its rows may differ in length: give it a size where it is loaded ([VectorType(n)] or TextLoader.Range), or use a transform that fixes one, such as ResizeImages before ExtractPixels.");
        }
        int[] given = [input.Channels, input.Height, input.Width];
        if (type.Dimensions.Length == 3 && OfDimensions(type.Dimensions[0], type.Dimensions[1], type.Dimensions[2], input) is { } image)
            return image;
        if (given.All(each => each == 0))
            return FeatureShape.Vector(type.Size);
        if (type.Dimensions.Length == 3)
        {
            throw ColumnFinder.Mismatch($"The feature column '{column.Name}' has the dimensions {string.Join("×", type.Dimensions)}, " +
                $"which fit the input options {Describe(input)} neither as channels×height×width nor as height×width×channels.");
        }
        return OfFlat(column, type.Size, given, input);
    }

    // ExtractPixels writes (C, H, W), or (H, W, C) where it interleaves; C is 1, 3 or, with alpha, 4. Where both readings fit, its default wins.
    private static FeatureShape? OfDimensions(int first, int second, int third, InputOptions input)
    {
        return Fits(first, second, third) ? FeatureShape.Image(first, second, third)
            : Fits(third, first, second) ? new FeatureShape(FeatureLayout.ChannelsLast, third, first, second)
            : null;

        bool Fits(int channels, int height, int width) =>
            (input.Channels == 0 ? channels is 1 or 3 or 4 : channels == input.Channels)
            && (input.Height == 0 || height == input.Height) && (input.Width == 0 || width == input.Width);
    }

    private static FeatureShape OfFlat(DataViewSchema.Column column, int size, int[] given, InputOptions input)
    {
        long product = given.Where(each => each > 0).Aggregate(1L, (all, each) => all * each);
        int missing = given.Count(each => each == 0);
        if (missing > 1)
            throw ColumnFinder.Mismatch($"The feature column '{column.Name}' is a flat vector of {size} numbers: to read it as images, set the input options Height and Width, not only {Describe(input)}.");
        if (missing == 1 ? size % product != 0 : product != size)
        {
            throw ColumnFinder.Mismatch($"The feature column '{column.Name}' has {size} numbers, but the input options {Describe(input)} " +
                (missing == 1 ? $"need a multiple of {product}." : $"need {product}."));
        }
        int rest = (int)(size / product);
        return FeatureShape.Image(given[0] > 0 ? given[0] : rest, given[1] > 0 ? given[1] : rest, given[2] > 0 ? given[2] : rest);
    }

    private static string Describe(InputOptions input) => string.Join(", ",
        new[] { ("Channels", input.Channels), ("Height", input.Height), ("Width", input.Width) }.Where(each => each.Item2 > 0).Select(each => $"{each.Item1} {each.Item2}"));
}
