using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Columns that an estimator promises to add. <see cref="SchemaShape.Column"/> has no public constructor, so they are those that a mapping
/// would write.
/// </summary>
internal static class MappedColumns
{
    /// <summary>Adds the columns of a row to a promised schema.</summary>
    /// <typeparam name="TRow">The row: a property for each column.</typeparam>
    /// <param name="catalog">Makes the mapping.</param>
    /// <param name="promised">The shape of the schema.</param>
    /// <param name="row">The names and types of the columns; <see langword="null"/>: the properties' own.</param>
    public static SchemaShape AddTo<TRow>(TransformsCatalog catalog, SchemaShape promised, SchemaDefinition? row = null)
        where TRow : class, new() =>
        catalog.CustomMapping<Nothing, TRow>((_, _) => { }, null, null, row).GetOutputSchema(promised);

    private sealed class Nothing { }
}
