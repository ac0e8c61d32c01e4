using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The type of a feature column as a saved model tells it.</summary>
/// <param name="Item">What a value is: <c>Image</c>, or the type of a vector's numbers.</param>
/// <param name="Dimensions">A vector's dimensions; an image's height and width, 0 where each row has its own.</param>
internal sealed record SavedColumnType(string Item, int[] Dimensions)
{
    private const string Image = nameof(Image);

    private static readonly Dictionary<string, PrimitiveDataViewType> _items = new PrimitiveDataViewType[]
    {
        NumberDataViewType.Single, NumberDataViewType.Double, NumberDataViewType.Byte, NumberDataViewType.Int32, NumberDataViewType.Int64,
        TextDataViewType.Instance,
    }.ToDictionary(NameOf);

    /// <summary>Says what type a column has.</summary>
    public static SavedColumnType Of(DataViewType type) => type switch
    {
        ImageDataViewType image => new(Image, [image.Height, image.Width]),
        VectorDataViewType vector => new(NameOf(vector.ItemType), [.. vector.Dimensions]),
        _ => new(NameOf(type), []),
    };

    /// <summary>The type again.</summary>
    /// <exception cref="FormatException">There is no such type.</exception>
    public DataViewType ToType()
    {
        if (Item == Image) return Dimensions is [> 0, > 0] ? new ImageDataViewType(Dimensions[0], Dimensions[1]) : new ImageDataViewType();
        if (!_items.TryGetValue(Item, out PrimitiveDataViewType? item)) throw new FormatException($"No column type '{Item}'.");
        return Dimensions.Length == 0 ? item : new VectorDataViewType(item, Dimensions);
    }

    private static string NameOf(DataViewType type) => type.ToString()!;
}
