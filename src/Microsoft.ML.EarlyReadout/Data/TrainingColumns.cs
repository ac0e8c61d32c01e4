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
    /// <summary>The column of that name.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The name to look for; where several columns bear it, the last one counts, as everywhere in ML.NET.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <exception cref="ArgumentException">There is none; the message lists those that are there.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string role)
    {
        if (schema.GetColumnOrNull(name) is { } column)
            return column;
        string present = string.Join(", ", schema.Where(each => !each.IsHidden).Select(each => $"'{each.Name}'"));
        throw new ArgumentException($"The {role} column '{name}' is not in the data, which has {(present.Length == 0 ? "no columns" : present)}.");
    }

    /// <summary>The fault of a column of another type than is needed.</summary>
    /// <param name="column">The column.</param>
    /// <param name="role">What the column is for, such as <c>feature</c>.</param>
    /// <param name="expected">The type that is needed.</param>
    /// <param name="advice">What to do about it: whole sentences.</param>
    public static ArgumentException WrongType(DataViewSchema.Column column, string role, string expected, string advice) =>
        new($"The {role} column '{column.Name}' is of type {column.Type}; expected {expected}. {advice}");
}
