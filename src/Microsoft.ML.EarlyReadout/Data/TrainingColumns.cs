using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The names of the columns that a training reads.</summary>
/// <param name="Feature">Features: <c>Vector&lt;Single&gt;</c> of known size, or an image.</param>
/// <param name="Label">Labels: a key.</param>
/// <param name="Group">A spurious attribute (key, text, number or bool), or <see langword="null"/>.</param>
/// <param name="Scores">A teacher's scores, <c>Vector&lt;Single&gt;</c> with one slot a class, or <see langword="null"/>.</param>
/// <param name="TeacherFeatures">A teacher's features, <c>Vector&lt;Single&gt;</c> of known size, or <see langword="null"/>.</param>
internal sealed record TrainingColumns(
    string Feature, string Label, string? Group = null, string? Scores = null, string? TeacherFeatures = null)
{
    /// <summary>
    /// Checks, as far as the promise of a schema tells, the columns that only a training reads: those of groups and of a teacher.
    /// </summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(SchemaShape promised)
    {
        if (Group is not null)
            ColumnFinder.Require(promised, Group, "group", "a key, text, a number or a bool", column =>
                column.Kind == SchemaShape.Column.VectorKind.Scalar
                    && (column.IsKey || column.ItemType is TextDataViewType or NumberDataViewType or BooleanDataViewType));
        if (Scores is not null) ColumnFinder.Require(promised, Scores, "score", "Vector<Single>", ColumnFinder.IsVector);
        if (TeacherFeatures is not null)
            ColumnFinder.Require(promised, TeacherFeatures, "teacher's feature", "Vector<Single>", ColumnFinder.IsVector);
    }

    /// <summary>Checks the columns of a schema.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="input">The image size that the user gives.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(DataViewSchema schema, InputOptions input)
    {
        FeatureColumn.Infer(schema, Feature, input);
        LabelColumn label = LabelColumn.Find(schema, Label);
        if (Group is not null) CategoryColumn.Find(schema, Group, "group");
        if (Scores is not null) FindScores(schema, Scores, label.Names.Length);
        if (TeacherFeatures is not null) FindTeacherFeatures(schema, TeacherFeatures);
    }

    /// <summary>The column of a teacher's scores.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="classes">The classes of the label.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static DataViewSchema.Column FindScores(DataViewSchema schema, string name, int classes)
    {
        var column = ColumnFinder.Find(schema, name, "score");
        return column.Type is VectorDataViewType { ItemType: NumberDataViewType item } vector && item == NumberDataViewType.Single
            && vector.Size == classes
            ? column
            : throw ColumnFinder.WrongType(
                column, "score", FormattableString.Invariant($"Vector<Single> with one slot for each of the {classes} classes"),
                    "The teacher must score the classes of the label column.");
    }

    /// <summary>The column of a teacher's features.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static DataViewSchema.Column FindTeacherFeatures(DataViewSchema schema, string name)
    {
        var column = ColumnFinder.Find(schema, name, "teacher's feature");
        return column.Type is VectorDataViewType { ItemType: NumberDataViewType item, IsKnownSize: true }
            && item == NumberDataViewType.Single
            ? column
            : throw ColumnFinder.WrongType(
                column, "teacher's feature", "Vector<Single> of known size",
                "Give what the teacher's last linear layer reads, or the feature maps of which it reads the means.");
    }
}
