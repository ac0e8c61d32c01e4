using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The feature column of a view and the shape of one example in it, as far as the column's type and the options tell it.</summary>
/// <param name="Column">The column.</param>
/// <param name="Format">How examples stand in it.</param>
/// <param name="Shape">The shape; <see langword="null"/> for images of unknown size, whose first row decides.</param>
internal sealed record FeatureColumn(DataViewSchema.Column Column, FeatureFormat Format, FeatureShape? Shape)
{
    /// <summary>The column of each row's second text, where rows have pairs of texts.</summary>
    public DataViewSchema.Column? Second { get; private init; }

    /// <summary>The columns that make up an example.</summary>
    public IReadOnlyList<DataViewSchema.Column> All => Second is { } second ? [Column, second] : [Column];

    /// <summary>Finds the column and infers the shape.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="input">The image size that the user gives; zeros are unknown.</param>
    /// <param name="second">The name of the column of second texts, where there is one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, has a type that cannot be trained on, or contradicts the
    /// options.</exception>
    public static FeatureColumn Infer(DataViewSchema schema, string name, InputOptions input, string? second = null)
    {
        var column = ColumnFinder.Find(schema, name, FeatureFormat.Role);
        FeatureFormat format = FeatureFormat.Of(column.Type)
            ?? throw ColumnFinder.WrongType(column, FeatureFormat.Role, FeatureFormat.Expected, Advice(column));
        return new(column, format, format.ShapeIn(column, input)) { Second = SecondText.Find(schema, second, column) };
    }

    private static string Advice(DataViewSchema.Column column) => column.Type switch
    {
        VectorDataViewType { ItemType: KeyDataViewType } => "Add Conversion.MapKeyToVector.",
        VectorDataViewType { ItemType: NumberDataViewType or BooleanDataViewType } =>
            $"Add Conversion.ConvertType(\"{column.Name}\", outputKind: DataKind.Single).",
        NumberDataViewType or BooleanDataViewType => "Convert single numbers to Single and gather them by Concatenate.",
        _ => "Turn it into numbers first, for instance by ExtractPixels, OneHotEncoding or FeaturizeText.",
    };
}
