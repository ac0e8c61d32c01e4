using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The feature column of a view and the shape of one example in it, as far as the column's type and the options tell it.</summary>
/// <param name="Column">The column.</param>
/// <param name="Format">How examples stand in it.</param>
/// <param name="Shape">The shape; <see langword="null"/> for images of unknown size, whose first row decides.</param>
internal sealed record FeatureColumn(DataViewSchema.Column Column, FeatureFormat Format, FeatureShape? Shape)
{
    private const string TextAdvice =
        "Name it in TextColumnName to train on texts, or turn it into numbers first, for instance by OneHotEncoding.";

    private const string FileAdvice =
        "If they are files, as LoadRawImageBytes reads them, use LoadImages, ResizeImages and ExtractPixels instead.";

    /// <summary>The column of each row's second text, where rows have pairs of texts.</summary>
    public DataViewSchema.Column? Second { get; private init; }

    /// <summary>The columns that make up an example.</summary>
    public IReadOnlyList<DataViewSchema.Column> All => Second is { } second ? [Column, second] : [Column];

    /// <summary>Finds a column of vectors or images and infers the shape.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="input">The image size that the user gives; zeros are unknown.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, has a type that cannot be trained on, or contradicts the
    /// options.</exception>
    public static FeatureColumn Infer(DataViewSchema schema, string name, InputOptions input, string? rows = null)
    {
        const string dropped = $"If it held images: {ImageFormat.Dropped}";
        DataViewSchema.Column column = ColumnFinder.Find(
            schema, name, FeatureFormat.Role, rows, rows is null ? dropped : $"{ColumnFinder.TransformAlike} {dropped}");
        FeatureFormat format = FeatureFormat.OfNumbers(column.Type)
            ?? throw ColumnFinder.WrongType(column, FeatureFormat.Role, FeatureFormat.Expected, Advice(column), rows);
        try
        {
            return new(column, format, format.ShapeIn(column, input));
        }
        catch (ArgumentOutOfRangeException fault) when (rows is not null) // the options fit the training rows
        {
            throw ColumnFinder.Mismatch($"In {rows}: {fault.Message} {ColumnFinder.TransformAlike}");
        }
    }

    /// <summary>Finds the columns of texts.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column of texts, or of the first of each pair.</param>
    /// <param name="second">The column of second texts, where there is one.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or holds no texts.</exception>
    public static FeatureColumn OfTexts(DataViewSchema schema, string name, string? second, string? rows) =>
        new(TextColumns.Find(schema, name, rows), FeatureFormat.Texts, Shape: null)
        {
            Second = TextColumns.FindSecond(schema, second, rows),
        };

    /// <summary>Refuses a column of texts or of files, as far as the promise of a schema tells. Of other types a stock trainer
    /// speaks.</summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">It holds texts or files.</exception>
    public static void RequireNoTextOrFile(SchemaShape promised, string name)
    {
        foreach (SchemaShape.Column column in promised.Where(each => each.Name == name))
        {
            if (FeatureFormat.Texts.Holds(column)) throw Refused("text", TextAdvice);
            if (column.Kind == SchemaShape.Column.VectorKind.VariableVector && column.ItemType == NumberDataViewType.Byte)
                throw Refused("Vector<Byte>", FileAdvice);
        }

        ArgumentOutOfRangeException Refused(string type, string advice) =>
            ColumnFinder.Mismatch($"The feature column '{name}' is of type {type}; expected {FeatureFormat.Expected}. {advice}");
    }

    private static string Advice(DataViewSchema.Column column) => column.Type switch
    {
        VectorDataViewType { IsKnownSize: false } bytes when bytes.ItemType == NumberDataViewType.Byte => FileAdvice,
        VectorDataViewType { ItemType: KeyDataViewType } => "Add Conversion.MapKeyToVector.",
        VectorDataViewType { ItemType: NumberDataViewType or BooleanDataViewType } =>
            $"Add Conversion.ConvertType(\"{column.Name}\", outputKind: DataKind.Single).",
        NumberDataViewType or BooleanDataViewType => "Convert single numbers to Single and gather them by Concatenate.",
        TextDataViewType => TextAdvice,
        _ => "Turn it into numbers first, for instance by ExtractPixels, OneHotEncoding or FeaturizeText.",
    };
}
