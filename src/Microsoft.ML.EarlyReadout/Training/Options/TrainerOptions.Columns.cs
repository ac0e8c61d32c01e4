using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout;

// The columns that options name.
public abstract partial class TrainerOptions
{
    /// <summary>
    /// The columns of numbers that the method reads for each training row, beside features, label and group. They are read with them, and
    /// <see cref="Batch.Column"/> gives them to the step; validation rows need not have them. Also asked for while the options are checked,
    /// when they may be out of range.
    /// </summary>
    /// <value>None, unless a method says otherwise.</value>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual IReadOnlyList<RowColumn> RowColumns => [];

    /// <summary>
    /// Why the method needs the groups of the training rows, and what to do where they have none: sentences for the fault that the column
    /// <see cref="GroupColumnName"/> is not there.
    /// </summary>
    /// <value><see langword="null"/>, unless a method says otherwise: it reads none, so the training rows may lack the column where other
    /// rows have it.</value>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual string? TrainingGroupNeed => null;

    /// <summary>Rows of the method's own, which are read by <see cref="ColumnsOf"/> and have groups.</summary>
    internal virtual NamedRows? MethodRows => null;

    /// <summary>The column that the network reads.</summary>
    internal string ExampleColumnName => TextColumnName ?? FeatureColumnName;

    /// <summary>The columns of rows that are validated on.</summary>
    internal TrainingColumns ValidationColumns => ColumnsOf("the validation rows (ValidationSet)") with
    {
        GroupNeed = SelectsByGroup ? $"Selection is {Selection}, which needs the groups of the validation rows."
            : MethodRows is null ? "GroupColumnName names it. Add the column, or correct the name." : null,
    };

    /// <summary>The columns of rows that are trained on.</summary>
    internal TrainingColumns TrainingColumns => ColumnsOf(null) with
    {
        // They may lack groups where other rows have them, and nothing reads theirs.
        GroupNeed = TrainingGroupNeed
            ?? (SelectsByGroup && ValidationFraction > 0
                ? $"Selection is {Selection}, and ValidationFraction takes the validation rows out of these. Add the column, or give a "
                    + "ValidationSet that has it."
                : ValidationSet is null && MethodRows is null ? "" : null),
        Others = [.. ExampleWeightColumns, .. RowColumns],
    };

    /// <summary>Those of them that the data must have.</summary>
    internal TrainingColumns GivenColumns => TrainingColumns with { Others = [.. GivenOthers] };

    /// <summary>The columns of any rows, with groups.</summary>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: they are the training rows.</param>
    internal TrainingColumns ColumnsOf(string? rows) => new(ExampleColumnName, LabelColumnName, GroupColumnName)
    {
        IsText = TextColumnName is not null,
        SecondText = SecondTextColumnName,
        Rows = rows,
        Text = new TextOptions(Network.VocabularyPath, Network.MaxTokens, Network.WeightsPath is not null),
    };

    private bool SelectsByGroup => Selection is SelectionMetric.WorstGroupAccuracy or SelectionMetric.UnbiasedAccuracy;

    private IEnumerable<RowColumn> GivenOthers => [.. ExampleWeightColumns, .. RowColumns.Where(column => !column.IsAdded)];

    private IEnumerable<RowColumn> ExampleWeightColumns => ExampleWeightColumnName is not { } name ? [] :
    [
        new(nameof(ExampleWeightColumnName), name, "example-weight", RowColumnWidth.One)
        {
            Advice = "Convert it: Conversion.ConvertType(..., DataKind.Single).",
        },
    ];

    /// <summary>The columns that every trainer reads, by their options.</summary>
    internal IEnumerable<NamedColumn> LabelledColumns =>
    [
        new(TextColumnName is null ? nameof(FeatureColumnName) : nameof(TextColumnName), ExampleColumnName),
        new(nameof(SecondTextColumnName), SecondTextColumnName),
        new(nameof(LabelColumnName), LabelColumnName),
        new(nameof(GroupColumnName), GroupColumnName),
    ];

    // A column that the method itself adds is seen by training alone, so nothing can hide it.
    private IEnumerable<NamedColumn> ColumnsRead =>
        [.. LabelledColumns, .. GivenOthers.Select(column => new NamedColumn(column.Option, column.Name))];

    /// <summary>The columns that the fitted model adds, by their options.</summary>
    internal virtual IEnumerable<NamedColumn> ColumnsWritten =>
        [new(nameof(ScoreColumnName), ScoreColumnName), new(nameof(PredictedLabelColumnName), PredictedLabelColumnName)];
}
