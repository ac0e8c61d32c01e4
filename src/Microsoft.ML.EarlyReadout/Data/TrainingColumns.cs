using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The names of the columns that a training reads.</summary>
/// <param name="Feature">Features: <c>Vector&lt;Single&gt;</c> of known size or an image; or texts.</param>
/// <param name="Label">Labels: a key.</param>
/// <param name="Group">A spurious attribute (key, text, number or bool), or <see langword="null"/>.</param>
internal sealed record TrainingColumns(string Feature, string Label, string? Group = null)
{
    private const string GroupRole = "group";

    /// <summary>Whether the column of features holds texts: they are read as such only where that is asked for.</summary>
    public bool IsText { get; init; }

    /// <summary>The column of second texts, or <see langword="null"/>.</summary>
    public string? SecondText { get; init; }

    /// <summary>What a method reads besides.</summary>
    public IReadOnlyList<RowColumn> Others { get; init; } = [];

    /// <summary>What messages call the rows, such as "the validation rows (ValidationSet)"; <see langword="null"/>: they are the training
    /// rows, or the only ones.</summary>
    public string? Rows { get; init; }

    /// <summary>Why the rows must have the column of groups, and what to do: whole sentences for the fault that they have not, empty where
    /// that needs no saying. <see langword="null"/>: where they have none, they have no groups.</summary>
    public string? GroupNeed { get; init; } = "";

    /// <summary>These columns as a schema has them: without that of groups, where it is missing and not needed.</summary>
    /// <param name="schema">The schema of the view.</param>
    public TrainingColumns In(DataViewSchema schema) =>
        GroupNeed is null && Group is { } group && schema.GetColumnOrNull(group) is null ? this with { Group = null } : this;

    /// <summary>These columns of rows beside the training rows: where those have that of groups, a pipeline has not added it to these.
    /// </summary>
    /// <param name="training">The schema of the training rows.</param>
    public TrainingColumns Beside(DataViewSchema training) =>
        GroupNeed is not null && Group is { } group && training.GetColumnOrNull(group) is not null
            ? this with { GroupNeed = ColumnFinder.TransformAlike } : this;

    /// <summary>
    /// Checks, as far as the promise of a schema tells, the columns of texts, of groups and of the method.
    /// </summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(SchemaShape promised)
    {
        if (IsText) TextColumns.Require(promised, Feature, SecondText);
        else FeatureColumn.RequireNoTextOrFile(promised, Feature);
        if (Group is not null && (GroupNeed is not null || promised.Any(column => column.Name == Group)))
        {
            ColumnFinder.Require(
                promised, Group, GroupRole, "a key, text, a number or a bool",
                column => column.Kind == SchemaShape.Column.VectorKind.Scalar
                    && (column.IsKey || column.ItemType is TextDataViewType or NumberDataViewType or BooleanDataViewType),
                GroupNeed ?? "");
        }

        foreach (RowColumn other in Others) other.Require(promised);
    }

    /// <summary>Checks the columns of a schema.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="input">The image size that the user gives.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(DataViewSchema schema, InputOptions input)
    {
        Features(schema, input);
        LabelColumn label = LabelColumn.Find(schema, Label, Rows);
        In(schema).FindGroup(schema);
        foreach (RowColumn other in Others) other.Find(schema, label.Names.Length);
    }

    /// <summary>Finds what the network reads.</summary>
    /// <inheritdoc cref="Check(DataViewSchema, InputOptions)"/>
    public FeatureColumn Features(DataViewSchema schema, InputOptions input) =>
        IsText ? FeatureColumn.OfTexts(schema, Feature, SecondText, Rows) : FeatureColumn.Infer(schema, Feature, input, Rows);

    /// <summary>Finds the column of groups; <see langword="null"/> where none is named.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public DataViewSchema.Column? FindGroup(DataViewSchema schema) =>
        Group is null ? null : CategoryColumn.Find(schema, Group, GroupRole, Rows, GroupNeed ?? "");

    /// <summary>How a text column becomes tokens.</summary>
    public TextOptions Text { get; init; } = new(null, 128, false);

    // What messages say is no part of it: equal columns are read alike.
    /// <inheritdoc/>
    public bool Equals(TrainingColumns? other) =>
        other is not null
        && (Feature, IsText, SecondText, Label, Group, Text)
            == (other.Feature, other.IsText, other.SecondText, other.Label, other.Group, other.Text)
        && Others.SequenceEqual(other.Others);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Feature, Label, Group, Others.Count);
}
