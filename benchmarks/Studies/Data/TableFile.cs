using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Studies;

/// <summary>
/// A table as a comma-separated file with a header: <c>label</c>, <c>group</c> (the spurious attribute), and columns to learn from. A
/// column whose every field is a number is one; any other names categories.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class TableFile(string path)
{
    private const string Label = "label";
    private const string Group = "group";
    private readonly Lazy<TableRow[]> _rows = new(() => Read(path));

    /// <summary>Its name without folder and extension.</summary>
    public string Name => Path.GetFileNameWithoutExtension(path);

    /// <summary>The rows.</summary>
    public IReadOnlyList<TableRow> Rows => _rows.Value;

    /// <summary>Some of the rows as a view.</summary>
    public IDataView View(MLContext ml, IEnumerable<TableRow> rows)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(TableRow));
        schema[nameof(TableRow.Numbers)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Rows[0].Numbers.Length);
        schema[nameof(TableRow.Categories)].ColumnType = new VectorDataViewType(TextDataViewType.Instance, Rows[0].Categories.Length);
        return ml.Data.LoadFromEnumerable<TableRow>([.. rows], schema);
    }

    /// <summary>From its columns to Features, as ML.NET's own samples prepare a table: numbers normalised, categories one-hot.</summary>
    public static IEstimator<ITransformer> Features(MLContext ml) =>
        ml.Transforms.NormalizeMeanVariance(nameof(TableRow.Numbers))
            .Append(
                ml.Transforms.Categorical.OneHotEncoding(nameof(TableRow.Categories), outputKind: OneHotEncodingEstimator.OutputKind.Bag))
            .Append(ml.Transforms.Concatenate("Features", nameof(TableRow.Numbers), nameof(TableRow.Categories)))
            .Append(ml.Transforms.SelectColumns("Features", nameof(TableRow.Label), nameof(TableRow.Cue)));

    private static TableRow[] Read(string path)
    {
        CsvRow[] rows = [.. CsvFile.Read(path, Label, Group)];
        if (rows.Length == 0) throw new InvalidDataException($"{path} has no rows after its header.");
        string[] columns = [.. rows[0].Columns.Where(name => name is not (Label or Group))];
        ILookup<bool, string> byKind = columns.ToLookup(
            name => rows.All(row => float.TryParse(row[name], NumberStyles.Float, CultureInfo.InvariantCulture, out _)));
        return [.. rows.Select(row => new TableRow
        {
            Label = row[Label],
            Cue = row[Group],
            Numbers = [.. byKind[true].Select(name => (float)row.Number(name))],
            Categories = [.. byKind[false].Select(name => $"{name}={row[name]}")], // one vocabulary for all columns
        })];
    }
}

/// <summary>A row of a <see cref="TableFile"/>.</summary>
internal sealed class TableRow
{
    public string Label { get; set; } = "";

    /// <summary>The spurious attribute.</summary>
    public string Cue { get; set; } = "";

    public float[] Numbers { get; set; } = [];

    public string[] Categories { get; set; } = [];
}
