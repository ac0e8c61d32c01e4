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

    /// <summary>The column that the network reads.</summary>
    internal string ExampleColumnName => TextColumnName ?? FeatureColumnName;

    /// <summary>The columns of rows that are validated on.</summary>
    internal TrainingColumns ValidationColumns => new(ExampleColumnName, LabelColumnName, GroupColumnName)
    {
        IsText = TextColumnName is not null,
        SecondText = SecondTextColumnName,
        // Asked for while the options are checked too, when the network's may be missing.
        Text = new TextOptions(Network?.VocabularyPath, Network?.MaxTokens ?? 0, Network?.WeightsPath is not null),
    };

    /// <summary>The columns of rows that are trained on.</summary>
    internal TrainingColumns TrainingColumns => ValidationColumns with { Others = [.. ExampleWeightColumns, .. RowColumns] };

    /// <summary>Those of them that the data must have.</summary>
    internal TrainingColumns GivenColumns =>
        ValidationColumns with { Others = [.. ExampleWeightColumns, .. RowColumns.Where(column => !column.IsAdded)] };

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
        [.. LabelledColumns, .. GivenColumns.Others.Select(column => new NamedColumn(column.Option, column.Name))];

    /// <summary>The columns that the fitted model adds, by their options.</summary>
    internal virtual IEnumerable<NamedColumn> ColumnsWritten =>
        [new(nameof(ScoreColumnName), ScoreColumnName), new(nameof(PredictedLabelColumnName), PredictedLabelColumnName)];
}
