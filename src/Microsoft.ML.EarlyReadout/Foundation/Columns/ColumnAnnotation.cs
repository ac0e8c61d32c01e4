using System.Globalization;
using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Names that a column carries as an annotation, whatever the type of their values.</summary>
internal static class ColumnAnnotation
{
    public const string KeyValues = "KeyValues";
    public const string SlotNames = "SlotNames";
    public const string TrainingLabelValues = "TrainingLabelValues";

    /// <summary>The values of an annotation as text, or null where the column has none of that kind.</summary>
    public static string[]? Names(DataViewSchema.Column column, string kind)
    {
        if (column.Annotations.Schema.GetColumnOrNull(kind)?.Type is not VectorDataViewType { IsKnownSize: true } type)
            return null;
        return (string[])typeof(ColumnAnnotation).GetMethod(nameof(Read), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type.ItemType.RawType)
            .Invoke(null, [column.Annotations, kind])!;
    }

    private static string[] Read<T>(DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> values = default;
        annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
    }
}
