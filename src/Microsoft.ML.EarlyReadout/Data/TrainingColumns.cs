using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The names of the columns that a training reads.</summary>
/// <param name="Feature">Features: <c>Vector&lt;Single&gt;</c> of known size or an image; or texts.</param>
/// <param name="Label">Labels: a key.</param>
/// <param name="Group">A spurious attribute (key, text, number or bool), or <see langword="null"/>.</param>
internal sealed record TrainingColumns(string Feature, string Label, string? Group = null)
{
    /// <summary>Whether the column of features holds texts: they are read as such only where that is asked for.</summary>
    public bool IsText { get; init; }

    /// <summary>The column of second texts, or <see langword="null"/>.</summary>
    public string? SecondText { get; init; }

    /// <summary>What a method reads besides.</summary>
    public IReadOnlyList<RowColumn> Others { get; init; } = [];

    /// <summary>
    /// Checks, as far as the promise of a schema tells, the columns of texts, of groups and of the method.
    /// </summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(SchemaShape promised)
    {
        if (IsText) TextColumns.Require(promised, Feature, SecondText);
        else FeatureColumn.RequireNoText(promised, Feature);
        if (Group is not null)
            ColumnFinder.Require(promised, Group, "group", "a key, text, a number or a bool", column =>
                column.Kind == SchemaShape.Column.VectorKind.Scalar
                    && (column.IsKey || column.ItemType is TextDataViewType or NumberDataViewType or BooleanDataViewType));
        foreach (RowColumn other in Others) other.Require(promised);
    }

    /// <summary>Checks the columns of a schema.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="input">The image size that the user gives.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public void Check(DataViewSchema schema, InputOptions input)
    {
        Features(schema, input);
        LabelColumn label = LabelColumn.Find(schema, Label);
        if (Group is not null) CategoryColumn.Find(schema, Group, "group");
        foreach (RowColumn other in Others) other.Find(schema, label.Names.Length);
    }

    /// <summary>Finds what the network reads.</summary>
    /// <inheritdoc cref="Check(DataViewSchema, InputOptions)"/>
    public FeatureColumn Features(DataViewSchema schema, InputOptions input) =>
        IsText ? FeatureColumn.OfTexts(schema, Feature, SecondText) : FeatureColumn.Infer(schema, Feature, input);

    /// <summary>How a text column becomes tokens.</summary>
    public TextOptions Text { get; init; } = new(null, 128, false);

    /// <inheritdoc/>
    public bool Equals(TrainingColumns? other) =>
        other is not null
        && (Feature, IsText, SecondText, Label, Group, Text)
            == (other.Feature, other.IsText, other.SecondText, other.Label, other.Group, other.Text)
        && Others.SequenceEqual(other.Others);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Feature, Label, Group, Others.Count);
}
