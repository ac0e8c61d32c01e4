using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the annotations of a column of maps say of the pixels that they were made from, for those who paint them.</summary>
internal static class PixelRangeAnnotation
{
    private const string Column = "EarlyReadout.PixelColumn";
    private const string Range = "EarlyReadout.PixelRange";

    /// <summary>The annotations of a model's maps.</summary>
    public static DataViewSchema.Annotations Of(ScoringColumns columns)
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(Column, TextDataViewType.Instance, (ref ReadOnlyMemory<char> name) => name = columns.Feature.AsMemory());
        annotations.Add(Range, new VectorDataViewType(NumberDataViewType.Single, 2), (ref VBuffer<float> range) =>
            range = new VBuffer<float>(2, [columns.Pixels.Black, columns.Pixels.White]));
        return annotations.ToAnnotations();
    }

    /// <summary>The range of a column of pixels; <see langword="null"/> where the maps are not of that column, or do not say.</summary>
    public static PixelRange? Read(DataViewSchema.Column maps, string pixels)
    {
        if (maps.Annotations.Schema.GetColumnOrNull(Column) is null || maps.Annotations.Schema.GetColumnOrNull(Range) is null) return null;
        ReadOnlyMemory<char> column = default;
        maps.Annotations.GetValue(Column, ref column);
        if (!column.Span.SequenceEqual(pixels)) return null;
        VBuffer<float> range = default;
        maps.Annotations.GetValue(Range, ref range);
        return new PixelRange(ValueRange.AsIs, range.GetItemOrDefault(0), range.GetItemOrDefault(1));
    }
}
