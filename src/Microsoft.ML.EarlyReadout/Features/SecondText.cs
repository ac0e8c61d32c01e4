using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The column of each row's second text, where the network reads pairs of texts.</summary>
internal static class SecondText
{
    /// <summary>What the column is for, in messages.</summary>
    public const string Role = "second-text";

    /// <summary>Finds the column in a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="name">The column's name; <see langword="null"/> where rows have one text, and the result is <see langword="null"/>
    /// too.</param>
    /// <param name="first">The column of first texts.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing, or one of the two holds no texts.</exception>
    public static DataViewSchema.Column? Find(DataViewSchema schema, string? name, DataViewSchema.Column first)
    {
        if (name is null) return null;
        if (!FeatureFormat.Texts.Holds(first.Type))
        {
            throw ColumnFinder.WrongType(first, FeatureFormat.Role, "text, because SecondTextColumnName is given",
                "Name the column of first texts, or leave SecondTextColumnName out.");
        }

        DataViewSchema.Column second = ColumnFinder.Find(schema, name, Role);
        if (!FeatureFormat.Texts.Holds(second.Type)) throw ColumnFinder.WrongType(second, Role, "text", "Name a column of texts.");
        return second;
    }

    /// <summary>Checks the column as far as the promise of a schema tells.</summary>
    /// <inheritdoc cref="Find"/>
    public static void Require(SchemaShape promised, string? name)
    {
        if (name is not null) ColumnFinder.Require(promised, name, Role, "text", FeatureFormat.Texts.Holds);
    }
}
