using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A stock linear classifier that stands behind the exported graph in a saved model. It makes what no ONNX graph can: a Score column with
/// slot names, and a PredictedLabel key with the training label's own key values, of types that ML.NET itself loads.
/// </summary>
/// <remarks>
/// <para>The head computes <c>softmax(W·x + b)</c> of the graph's <c>x</c>. It is fitted so that W is diagonal, and the graph hands it
/// <c>x = (z − b) / diag(W)</c>: then
/// <c>W·x + b</c> is z, the logits, again.</para>
/// <para>W is diagonal because its rows say so: example c is <c>s·e_c</c> of class c. At W = 0 the gradient of the mean log loss in W_ic
/// is <c>s·(1/C − [i = c])/C</c>: the loss falls
/// where a weight on the diagonal grows or one beside it shrinks, and with weights that may not be negative those beside it stay at zero.
/// One step of the optimizer is enough,
/// because any positive diagonal does. So a fit takes a few passes over C·C weights, and none of them is inverted.</para>
/// </remarks>
internal sealed class StockHead
{
    /// <summary>The column that the head reads: an output of the graph.</summary>
    public const string InputColumn = ColumnNameRules.Reserved + "HeadInput";

    private StockHead(ITransformer transformer, float[] shift, float[] scale)
    {
        Transformer = transformer;
        Shift = shift;
        Scale = scale;
    }

    /// <summary>The head. Its output columns are named Score and PredictedLabel: ML.NET lets no one rename them.</summary>
    public ITransformer Transformer { get; }

    /// <summary>b: (C).</summary>
    public float[] Shift { get; }

    /// <summary>The diagonal of W: (C), each greater than 0.</summary>
    public float[] Scale { get; }

    /// <summary>The number of classes.</summary>
    public int Classes => Shift.Length;

    /// <summary>The head of a view's label column; where many fits share the view, the first of them fits it.</summary>
    /// <param name="view">The training rows.</param>
    /// <param name="label">Their label column.</param>
    /// <param name="cancellation">Whether the fit is to stop.</param>
    /// <inheritdoc cref="Fit" path="/exception"/>
    public static StockHead Of(IDataView view, DataViewSchema.Column label, Cancellation cancellation) =>
        view is PackedView shared ? shared.GetOrCreate(label.Name, () => Fit(label, cancellation), cancellation) : Fit(label, cancellation);

    /// <summary>Fits a head: milliseconds for a hundred classes, a second or two for a thousand.</summary>
    /// <param name="label">The label column of the training data.</param>
    /// <param name="cancellation">Looked at for every class in every pass.</param>
    /// <exception cref="ArgumentException">The label is no key, or its classes are too few or too many.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static StockHead Fit(DataViewSchema.Column label, Cancellation? cancellation = null)
    {
        if (label.Type is not KeyDataViewType key)
            throw new ArgumentException(
                $"Schema mismatch for label column '{label.Name}': expected a key, got {label.Type}. MapValueToKey makes one.",
                nameof(label));
        if (key.Count is < 2 or > LabelColumn.MaxClasses)
            throw new ArgumentException(
                $"The label column '{label.Name}' has {key.Count} classes; a classifier needs 2 to {LabelColumn.MaxClasses}.",
                nameof(label));

        // A context of its own: the fit is an inner step that no user asked for, so it writes to nobody's log and draws from nobody's seed.
        var ml = new MLContext(seed: 0);
        MulticlassPredictionTransformer<MaximumEntropyModelParameters> head = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
            new LbfgsMaximumEntropyMulticlassTrainer.Options
            {
                LabelColumnName = label.Name,
                FeatureColumnName = InputColumn,
                L1Regularization = 0,
                L2Regularization = 0,
                EnforceNonNegativity = true,
                NumberOfThreads = 1,
                MaximumNumberOfIterations = 1,
                HistorySize = 1,
            }).Fit(new OneHotView(label, InputColumn, (int)key.Count, cancellation));
        return new StockHead(head, [.. head.Model.GetBiases()], Diagonal(head.Model));
    }

    /// <summary>A head that was fitted, saved and loaded by ML.NET.</summary>
    /// <exception cref="NotSupportedException">Its weights are none that <see cref="Fit"/> gives.</exception>
    public static StockHead Over(ITransformer transformer, MaximumEntropyModelParameters model) =>
        new(transformer, [.. model.GetBiases()], Diagonal(model));

    /// <summary>The names of the classes, as the label's key values give them; <see langword="null"/> where it has none.</summary>
    public string[]? ClassNames => ColumnAnnotation.Names(
        Transformer.GetOutputSchema(InputSchema(new DataViewSchema.Builder()))[DefaultColumns.PredictedLabel], ColumnAnnotation.KeyValues);

    /// <summary>
    /// The columns that scoring adds to rows of a schema, in the order in which the stock chain adds them: each readout's, then the
    /// network's.
    /// </summary>
    /// <param name="input">The schema of the rows to score.</param>
    /// <param name="columns">The names.</param>
    public IReadOnlyList<ScoredColumn> OutputColumns(DataViewSchema input, ScoringColumns columns)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        DataViewSchema output = Transformer.GetOutputSchema(InputSchema(builder));
        var outputs = new List<ScoredColumn>();
        foreach ((int readout, ReadoutColumns names) in columns.Readouts.Index())
        {
            Add(readout + 1, names.Score, names.PredictedLabel);
            outputs.Add(
                new ScoredColumn(readout + 1, Scored.Margin, new DataViewSchema.DetachedColumn(names.Margin, NumberDataViewType.Single)));
        }
        Add(0, columns.Score, columns.PredictedLabel);
        return outputs;

        void Add(int head, string score, string predictedLabel)
        {
            (Scored Kind, DataViewSchema.Column Column, string Name)[] made =
                [
                    (Scored.Score, output[DefaultColumns.Score], score),
                    (Scored.PredictedLabel, output[DefaultColumns.PredictedLabel], predictedLabel),
                ];
            outputs.AddRange(made.OrderBy(entry => entry.Column.Index)
                .Select(entry => new ScoredColumn(
                    head, entry.Kind, new DataViewSchema.DetachedColumn(entry.Name, entry.Column.Type, entry.Column.Annotations))));
        }
    }

    private DataViewSchema InputSchema(DataViewSchema.Builder builder)
    {
        builder.AddColumn(InputColumn, OneHotView.HeadInputType(Classes));
        return builder.ToSchema();
    }

    private static float[] Diagonal(MaximumEntropyModelParameters model)
    {
        VBuffer<float>[]? rows = null;
        model.GetWeights(ref rows, out int classes);
        var diagonal = new float[classes];
        for (int c = 0; c < classes; c++)
        {
            foreach ((int column, float weight) in rows![c].Items())
            {
                if (column == c) diagonal[c] = weight;
                else if (weight != 0) throw NotDiagonal();
            }
            if (!(diagonal[c] > 0 && float.IsFinite(diagonal[c]))) throw NotDiagonal();
        }

        return diagonal;

        static NotSupportedException NotDiagonal() => new(
            $"LbfgsMaximumEntropy of {typeof(LbfgsMaximumEntropyMulticlassTrainer).Assembly.GetName().FullName} " +
            "fits other weights than that of Microsoft.ML 5.0 does. " +
            "Use the Microsoft.ML version that this package names as its dependency.");
    }
}
