using System.Globalization;
using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads what the keys of a column stand for.</summary>
internal static class KeyValues
{
    private static readonly MethodInfo _read = typeof(KeyValues).GetMethod(nameof(ReadAs), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>The values as text, in the invariant culture.</summary>
    /// <param name="column">A key column.</param>
    /// <param name="values">Its annotation of key values.</param>
    public static string[] Read(DataViewSchema.Column column, DataViewSchema.Column values)
    {
        Type type = ((VectorDataViewType)values.Type).ItemType.RawType;
        return _read.MakeGenericMethod(type).CreateDelegate<Func<DataViewSchema.Annotations, string, string[]>>()(column.Annotations, values.Name);
    }

    private static string[] ReadAs<T>(DataViewSchema.Annotations annotations, string name)
    {
        VBuffer<T> values = default;
        annotations.GetValue(name, ref values);
        return [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
    }
}
