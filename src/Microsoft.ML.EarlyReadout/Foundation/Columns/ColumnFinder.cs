using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Finds columns by name, and says what is wrong where one is missing or of another type.</summary>
internal static class ColumnFinder
{
    /// <summary>What to do about columns of other rows than the training rows, which have what is expected.</summary>
    public const string TransformAlike = "Transform them by the same fitted pipeline as the training rows.";

    /// <summary>Checks, as far as the promise of a schema tells, that it has a column of a type.</summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <param name="expected">The type that is needed.</param>
    /// <param name="fits">Whether a column is of that type.</param>
    /// <param name="need">Why it must be there, and what to do: whole sentences; empty where that needs no saying.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static void Require(
        SchemaShape promised, string name, string role, string expected, Func<SchemaShape.Column, bool> fits, string need = "")
    {
        if (promised.Where(each => each.Name == name).Select(each => (SchemaShape.Column?)each).LastOrDefault() is not { } column)
            throw Missing(name, role, promised.Select(each => each.Name), null, need);
        if (!fits(column))
            throw Mismatch($"The {role} column '{name}' is of type {Text(column)}; expected {expected}.");

        static string Text(SchemaShape.Column column)
        {
            string item = column.IsKey ? $"Key<{column.ItemType}>" : column.ItemType.ToString()!;
            return column.Kind == SchemaShape.Column.VectorKind.Scalar ? item : $"{column.Kind}<{item}>";
        }
    }

    /// <summary>Whether a promised column holds float vectors of known size.</summary>
    public static bool IsVector(SchemaShape.Column column) =>
        column.Kind == SchemaShape.Column.VectorKind.Vector && column.ItemType == NumberDataViewType.Single && !column.IsKey;

    /// <summary>Whether a promised column holds single floats.</summary>
    public static bool IsNumber(SchemaShape.Column column) =>
        column.Kind == SchemaShape.Column.VectorKind.Scalar && column.ItemType == NumberDataViewType.Single && !column.IsKey;

    /// <summary>The column of that name.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The name to look for; where several columns bear it, the last one counts, as everywhere in ML.NET.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    /// <param name="need">As for <see cref="Require"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is none; the message lists those that are there.</exception>
    public static DataViewSchema.Column Find(
        DataViewSchema schema, string name, string role, string? rows = null, string need = "") =>
        schema.GetColumnOrNull(name)
        ?? throw Missing(name, role, schema.Where(each => !each.IsHidden).Select(each => each.Name), rows, need);

    /// <summary>The fault of a column of another type than is needed.</summary>
    /// <param name="column">The column.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <param name="expected">The type that is needed.</param>
    /// <param name="advice">What to do about it in the data: whole sentences.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    public static ArgumentOutOfRangeException WrongType(
        DataViewSchema.Column column, string role, string expected, string advice, string? rows = null) =>
        Mismatch($"The {role} column '{column.Name}'{Of(rows)} is of type {column.Type}; expected {expected}. "
            + (rows is null ? advice : TransformAlike));

    /// <summary>Whose column it is, after its name in a message.</summary>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data, which need no naming.</param>
    public static string Of(string? rows) => rows is null ? "" : $" of {rows}";

    /// <summary>The fault of a schema, in the type of exception that ML.NET's own estimators throw for it.</summary>
    /// <param name="message">The whole message; it names the column.</param>
    public static ArgumentOutOfRangeException Mismatch(string message) => new(paramName: null, message);

    private static ArgumentOutOfRangeException Missing(
        string name, string role, IEnumerable<string> present, string? rows, string need)
    {
        string listed = string.Join(", ", present.Select(each => $"'{each}'"));
        string where = rows is null ? "the data, which has" : $"{rows}, which have";
        string advice = need.Length == 0 && rows is not null ? TransformAlike : need;
        return Mismatch(
            $"The {role} column '{name}' is not in {where} {(listed.Length == 0 ? "no columns" : listed)}. {advice}".TrimEnd());
    }
}
