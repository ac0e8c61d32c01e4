using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Training rows with a teacher's scores, and its features where it gives some, computed batch by batch as they are
/// read.</summary>
internal sealed class OnnxTeacherView : IDataView
{
    private const string Converted = "EarlyReadout.Converted.";
    private readonly OnnxTeacher _teacher;
    private readonly IDataView _input; // the rows, then columns that were converted for the teacher
    private readonly DataViewSchema.Column[] _sources; // by the teacher's inputs
    private readonly int _rowColumns;

    /// <param name="rows">The rows.</param>
    /// <param name="teacher">The teacher, which must live as long as the view is read.</param>
    /// <param name="scoreColumn">The name of the column of scores.</param>
    /// <exception cref="ArgumentException">A column cannot be converted to what the teacher reads.</exception>
    public OnnxTeacherView(IDataView rows, OnnxTeacher teacher, string scoreColumn)
    {
        _teacher = teacher;
        _rowColumns = rows.Schema.Count;
        _input = teacher.Inputs.Where(input => input.NeedsConversion).DistinctBy(NameOf).Aggregate(rows, Convert);
        _sources = [.. teacher.Inputs.Select(input => _input.Schema[NameOf(input)])];
        var annotations = new DataViewSchema.Annotations.Builder();
        if (teacher.ClassNames is { } names)
        {
            ReadOnlyMemory<char>[] slots = [.. names.Select(name => name.AsMemory())];
            annotations.Add(ColumnAnnotation.SlotNames, new VectorDataViewType(TextDataViewType.Instance, slots.Length),
                (ref VBuffer<ReadOnlyMemory<char>> value) => value = new(slots.Length, slots));
        }

        var schema = new DataViewSchema.Builder();
        schema.AddColumns(rows.Schema);
        schema.AddColumn(scoreColumn, new VectorDataViewType(NumberDataViewType.Single, teacher.Classes), annotations.ToAnnotations());
        if (teacher.FeatureOutput is { } features)
            schema.AddColumn(features, new VectorDataViewType(NumberDataViewType.Single, teacher.FeatureDimensions));
        Schema = schema.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => _input.CanShuffle;

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        bool[] active = new bool[Schema.Count];
        foreach (DataViewSchema.Column column in columnsNeeded) active[column.Index] = true;
        bool asks = active.AsSpan(_rowColumns).Contains(true);
        IEnumerable<DataViewSchema.Column> needed = _input.Schema.Where(column =>
            (column.Index < _rowColumns && active[column.Index]) || (asks && _sources.Any(source => source.Index == column.Index)));
        if (!asks) return new PassThroughCursor(Schema, _input.GetRowCursor(needed, rand));
        DataViewRowCursor input = ReadAheadCursor.Open(_input, needed, rand, Environment.ProcessorCount);
        try
        {
            return new OnnxTeacherCursor(Schema, _rowColumns, input, active, _teacher, _sources);
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private static string NameOf(OnnxTeacherInput input) =>
        input.NeedsConversion ? $"{Converted}{input.ConvertedKind}.{input.Column.Name}" : input.Column.Name;

    private static IDataView Convert(IDataView view, OnnxTeacherInput input)
    {
        try
        {
            var ml = new MLContext(seed: 0);
            return ml.Transforms.Conversion.ConvertType(NameOf(input), input.Column.Name, input.ConvertedKind).Fit(view).Transform(view);
        }
        catch (ArgumentException fault)
        {
            throw new ArgumentOutOfRangeException(
                $"The column '{input.Column.Name}' is of type {input.Column.Type}, and Teacher.OnnxPath reads it "
                    + $"as {input.ConvertedKind}: {fault.Message}", fault);
        }
    }
}
