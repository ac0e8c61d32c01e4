using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The columns of texts: one text a row, or two where the network reads pairs.</summary>
internal static class TextColumns
{
    private const string Expected = "text";
    private const string FirstRole = "text";
    private const string SecondRole = "second-text";

    /// <summary>Finds the column of texts, or of the first of each pair.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing, or holds no texts.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string? rows) => Find(schema, name, FirstRole, rows);

    /// <summary>Finds the column of second texts.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="name">The column's name; <see langword="null"/> where rows have one text, and the result is <see langword="null"/>
    /// too.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing, or holds no texts.</exception>
    public static DataViewSchema.Column? FindSecond(DataViewSchema schema, string? name, string? rows = null) =>
        name is null ? null : Find(schema, name, SecondRole, rows);

    /// <summary>Checks the columns as far as the promise of a schema tells.</summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <param name="first">The column of texts, or of the first of each pair.</param>
    /// <param name="second">The column of second texts, where there is one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or holds no texts.</exception>
    public static void Require(SchemaShape promised, string first, string? second)
    {
        ColumnFinder.Require(promised, first, FirstRole, Expected, FeatureFormat.Texts.Holds);
        if (second is not null) ColumnFinder.Require(promised, second, SecondRole, Expected, FeatureFormat.Texts.Holds);
    }

    private static DataViewSchema.Column Find(DataViewSchema schema, string name, string role, string? rows)
    {
        DataViewSchema.Column column = ColumnFinder.Find(schema, name, role, rows);
        return FeatureFormat.Texts.Holds(column.Type)
            ? column
            : throw ColumnFinder.WrongType(column, role, Expected, "Name a column of texts.", rows);
    }
}
