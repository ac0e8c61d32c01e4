using System.Globalization;
using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The names of a key column's values, from its <c>KeyValues</c> annotation.</summary>
internal static class KeyNames
{
    private const string Annotation = "KeyValues";

    /// <summary>One name a key value, in order, in the invariant culture; <see langword="null"/> where the column has no names.</summary>
    /// <param name="column">A key column.</param>
    public static string[]? Of(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(Annotation)?.Type is not VectorDataViewType type)
            return null;
        return (string[])typeof(KeyNames).GetMethod(nameof(Read), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type.ItemType.RawType).Invoke(null, [column])!;
    }

    private static string[] Read<T>(DataViewSchema.Column column)
    {
        VBuffer<T> values = default;
        column.Annotations.GetValue(Annotation, ref values);
        return [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
    }
}
