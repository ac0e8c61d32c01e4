using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Holds the values that one column of a cursor had on some rows. They are read ahead of their consumer, and the source may be
/// read only once (<c>ExtractPixels</c>, for one, disposes the images that it read), so what the consumer will ask for is kept.
/// </summary>
/// <threadsafety>Slots are independent of each other: one may be read while another is filled.</threadsafety>
internal abstract class ColumnBuffer
{
    private static readonly MethodInfo _scalar = Factory(nameof(ScalarOf));
    private static readonly MethodInfo _vector = Factory(nameof(VectorOf));

    /// <summary>Keeps the current row's value.</summary>
    /// <param name="slot">Where.</param>
    public abstract void Fill(int slot);

    /// <summary>Bytes that the value in a slot takes; 0 for single numbers and texts.</summary>
    /// <param name="slot">The slot.</param>
    public virtual long BytesIn(int slot) => 0;

    /// <summary>A <see cref="ValueGetter{TValue}"/> of kept values, for one reader of the column.</summary>
    /// <param name="place">Gives where the reader's row is: the slot of a buffer of this column, this one or another.</param>
    public abstract Delegate Getter(Func<Place> place);

    /// <summary>Makes a buffer for a column of any type.</summary>
    /// <param name="row">The cursor, with the column active.</param>
    /// <param name="column">The column.</param>
    /// <param name="slots">How many values it holds.</param>
    public static ColumnBuffer Create(DataViewRow row, DataViewSchema.Column column, int slots)
    {
        if (column.Type is ImageDataViewType) return new ImageBuffer(row.GetGetter<MLImage>(column), slots);
        MethodInfo factory = column.Type is VectorDataViewType vector
            ? _vector.MakeGenericMethod(vector.ItemType.RawType)
            : _scalar.MakeGenericMethod(column.Type.RawType);
        return factory.CreateDelegate<Func<DataViewRow, DataViewSchema.Column, int, ColumnBuffer>>()(row, column, slots);
    }

    private static ScalarBuffer<T> ScalarOf<T>(DataViewRow row, DataViewSchema.Column column, int slots) =>
        new(row.GetGetter<T>(column), slots);

    private static VectorBuffer<T> VectorOf<T>(DataViewRow row, DataViewSchema.Column column, int slots) =>
        new(row.GetGetter<VBuffer<T>>(column), slots);

    private static MethodInfo Factory(string name) => typeof(ColumnBuffer).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>Where a value is kept.</summary>
    public readonly record struct Place(ColumnBuffer Buffer, int Slot);
}
