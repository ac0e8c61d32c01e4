using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The names of the columns that a training reads.</summary>
/// <param name="Feature">Features: <c>Vector&lt;Single&gt;</c> of known size, or an image.</param>
/// <param name="Label">Labels: a key.</param>
/// <param name="Group">A spurious attribute (key, text, number or bool), or <see langword="null"/>.</param>
/// <param name="Scores">A teacher's scores, <c>Vector&lt;Single&gt;</c> with one slot a class, or <see langword="null"/>.</param>
/// <param name="TeacherFeatures">A teacher's features, <c>Vector&lt;Single&gt;</c> of known size, or <see langword="null"/>.</param>
internal sealed record TrainingColumns(string Feature, string Label, string? Group = null, string? Scores = null, string? TeacherFeatures = null)
{
    /// <summary>Checks, as far as the promise of a schema tells, the columns that only a training reads: those of groups and of a teacher.</summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type.</exception>
    public void Check(SchemaShape promised)
    {
        Check(Group, "group", "a key, text, a number or a bool", column =>
            column.Kind == SchemaShape.Column.VectorKind.Scalar && (column.IsKey || column.ItemType is TextDataViewType or NumberDataViewType or BooleanDataViewType));
        Check(Scores, "score", "Vector<Single>", IsVector);
        Check(TeacherFeatures, "teacher's feature", "Vector<Single>", IsVector);

        static bool IsVector(SchemaShape.Column column) =>
            column.Kind == SchemaShape.Column.VectorKind.Vector && column.ItemType == NumberDataViewType.Single && !column.IsKey;

        void Check(string? name, string role, string expected, Func<SchemaShape.Column, bool> fits)
        {
            if (name is null) return;
            if (promised.Where(each => each.Name == name).Select(each => (SchemaShape.Column?)each).LastOrDefault() is not { } column)
                throw Missing(name, role, promised.Select(each => each.Name));
            if (!fits(column))
                throw new ArgumentException($"The {role} column '{name}' is of type {Text(column)}; expected {expected}.");
        }

        static string Text(SchemaShape.Column column)
        {
            string item = column.IsKey ? $"Key<{column.ItemType}>" : column.ItemType.ToString()!;
            return column.Kind == SchemaShape.Column.VectorKind.Scalar ? item : $"{column.Kind}<{item}>";
        }
    }

    /// <summary>The column of that name.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The name to look for; where several columns bear it, the last one counts, as everywhere in ML.NET.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <exception cref="ArgumentException">There is none; the message lists those that are there.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string role) =>
        schema.GetColumnOrNull(name) ?? throw Missing(name, role, schema.Where(each => !each.IsHidden).Select(each => each.Name));

    /// <summary>The fault of a column of another type than is needed.</summary>
    /// <param name="column">The column.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <param name="expected">The type that is needed.</param>
    /// <param name="advice">What to do about it: whole sentences.</param>
    public static ArgumentException WrongType(DataViewSchema.Column column, string role, string expected, string advice) =>
        new($"The {role} column '{column.Name}' is of type {column.Type}; expected {expected}. {advice}");

    private static ArgumentException Missing(string name, string role, IEnumerable<string> present)
    {
        string listed = string.Join(", ", present.Select(each => $"'{each}'"));
        return new($"The {role} column '{name}' is not in the data, which has {(listed.Length == 0 ? "no columns" : listed)}.");
    }
}
