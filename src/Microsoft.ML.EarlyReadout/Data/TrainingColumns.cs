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
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(SchemaShape promised)
    {
        if (Group is not null)
            Require(promised, Group, "group", "a key, text, a number or a bool", column =>
                column.Kind == SchemaShape.Column.VectorKind.Scalar && (column.IsKey || column.ItemType is TextDataViewType or NumberDataViewType or BooleanDataViewType));
        if (Scores is not null) Require(promised, Scores, "score", "Vector<Single>", IsVector);
        if (TeacherFeatures is not null) Require(promised, TeacherFeatures, "teacher's feature", "Vector<Single>", IsVector);
    }

    /// <summary>Checks the columns of a schema.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="input">The image size that the user gives.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(DataViewSchema schema, InputOptions input)
    {
        FeatureColumn.Infer(schema, Feature, input);
        LabelColumn label = LabelColumn.Find(schema, Label);
        if (Group is not null) AttributeColumn.Find(schema, Group);
        if (Scores is not null) FindScores(schema, Scores, label.Names.Length);
        if (TeacherFeatures is not null) FindTeacherFeatures(schema, TeacherFeatures);
    }

    /// <summary>Checks, as far as the promise of a schema tells, that it has a column of a type.</summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <param name="expected">The type that is needed.</param>
    /// <param name="fits">Whether a column is of that type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static void Require(SchemaShape promised, string name, string role, string expected, Func<SchemaShape.Column, bool> fits)
    {
        if (promised.Where(each => each.Name == name).Select(each => (SchemaShape.Column?)each).LastOrDefault() is not { } column)
            throw Missing(name, role, promised.Select(each => each.Name));
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

    /// <summary>The column of that name.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The name to look for; where several columns bear it, the last one counts, as everywhere in ML.NET.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is none; the message lists those that are there.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string role) =>
        schema.GetColumnOrNull(name) ?? throw Missing(name, role, schema.Where(each => !each.IsHidden).Select(each => each.Name));

    /// <summary>The column of a teacher's scores.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="classes">The classes of the label.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static DataViewSchema.Column FindScores(DataViewSchema schema, string name, int classes)
    {
        var column = Find(schema, name, "score");
        return column.Type is VectorDataViewType { ItemType: NumberDataViewType item } vector && item == NumberDataViewType.Single && vector.Size == classes
            ? column
            : throw WrongType(column, "score", FormattableString.Invariant($"Vector<Single> with one slot for each of the {classes} classes"),
                "The teacher must score the classes of the label column.");
    }

    /// <summary>The column of a teacher's features.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static DataViewSchema.Column FindTeacherFeatures(DataViewSchema schema, string name)
    {
        var column = Find(schema, name, "teacher's feature");
        return column.Type is VectorDataViewType { ItemType: NumberDataViewType item, IsKnownSize: true } && item == NumberDataViewType.Single
            ? column
            : throw WrongType(column, "teacher's feature", "Vector<Single> of known size", "Give what the teacher's last linear layer reads, or the feature maps of which it reads the means.");
    }

    /// <summary>The fault of a column of another type than is needed.</summary>
    /// <param name="column">The column.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <param name="expected">The type that is needed.</param>
    /// <param name="advice">What to do about it: whole sentences.</param>
    public static ArgumentOutOfRangeException WrongType(DataViewSchema.Column column, string role, string expected, string advice) =>
        Mismatch($"The {role} column '{column.Name}' is of type {column.Type}; expected {expected}. {advice}");

    /// <summary>The fault of a schema, in the type of exception that ML.NET's own estimators throw for it.</summary>
    /// <param name="message">The whole message; it names the column.</param>
    public static ArgumentOutOfRangeException Mismatch(string message) => new(paramName: null, message);

    private static ArgumentOutOfRangeException Missing(string name, string role, IEnumerable<string> present)
    {
        string listed = string.Join(", ", present.Select(each => $"'{each}'"));
        return Mismatch($"The {role} column '{name}' is not in the data, which has {(listed.Length == 0 ? "no columns" : listed)}.");
    }
}
