using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A stock linear classifier that stands behind the exported graph in a saved model. It makes what no ONNX graph can: a Score column with slot names, and a
/// PredictedLabel key with the training label's own key values, of types that ML.NET itself loads.
/// </summary>
/// <remarks>
/// The head computes <c>softmax(W·x + b)</c>. The graph hands it <c>x = (z − b)·(W + s·J/C)⁻ᵀ</c>, with z the logits and J all ones, so that
/// <c>W·x + b = z − s·mean(x)</c> and the head's scores are <c>softmax(z)</c>. The columns of a softmax's W sum to zero, so W alone is singular; adding a multiple
/// of J only shifts all logits by one number. One-hot rows make W nearly a·(I − J/C), so with s = a the sum is nearly a·I: as well conditioned as can be.
/// </remarks>
internal sealed class StockHead
{
    /// <summary>The column that the head reads: an output of the graph.</summary>
    public const string InputColumn = "EarlyReadout.HeadInput";

    /// <summary>The most classes. The head holds C² weights; ImageNet-21k fits, a text column taken for a label by mistake does not.</summary>
    public const int MaxClasses = 32768;

    private StockHead(ITransformer transformer, float[] shift, float[] matrix)
    {
        Transformer = transformer;
        Shift = shift;
        Matrix = matrix;
    }

    /// <summary>The head. Its output columns are named Score and PredictedLabel: ML.NET lets no one rename them.</summary>
    public ITransformer Transformer { get; }

    /// <summary>b: (C).</summary>
    public float[] Shift { get; }

    /// <summary>(W + s·J/C)⁻ᵀ: (C, C), row-major.</summary>
    public float[] Matrix { get; }

    /// <summary>The number of classes.</summary>
    public int Classes => Shift.Length;

    /// <summary>Fits a head to one-hot rows: milliseconds for a few classes, less than a second for hundreds.</summary>
    /// <param name="label">The label column of the training data.</param>
    /// <exception cref="ArgumentException">The label is no key, or its classes are too few or too many.</exception>
    public static StockHead Fit(DataViewSchema.Column label)
    {
        if (label.Type is not KeyDataViewType key)
            throw new ArgumentException($"Schema mismatch for label column '{label.Name}': expected a key, got {label.Type}. MapValueToKey makes one.", nameof(label));
        if (key.Count is < 2 or > MaxClasses)
            throw new ArgumentException($"The label column '{label.Name}' has {key.Count} classes; a classifier needs 2 to {MaxClasses}.", nameof(label));
        int classes = (int)key.Count;

        // A context of its own: the fit is an inner step that no user asked for, so it writes to nobody's log and draws from nobody's seed.
        var ml = new MLContext(seed: 0);
        MulticlassPredictionTransformer<MaximumEntropyModelParameters> head = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
            new LbfgsMaximumEntropyMulticlassTrainer.Options
            {
                LabelColumnName = label.Name,
                FeatureColumnName = InputColumn,
                L1Regularization = 0,
                L2Regularization = 0.01f,
                NumberOfThreads = 1,
                MaximumNumberOfIterations = 30,
                OptimizationTolerance = 1e-3f,
            }).Fit(new OneHotView(label, InputColumn, classes));

        VBuffer<float>[]? weights = null;
        head.Model.GetWeights(ref weights, out _);
        double[][] w = [.. weights.Select(row => row.DenseValues().Select(value => (double)value).ToArray())]; // (C, C)
        double shift = w.Select((row, i) => row[i]).Sum() / (classes - 1) / classes; // s / C
        double[][] inverse = SquareMatrix.Invert([.. w.Select(row => row.Select(value => value + shift).ToArray())]);
        var matrix = new float[classes * classes];
        for (int i = 0; i < classes; i++)
            for (int j = 0; j < classes; j++)
                matrix[j * classes + i] = (float)inverse[i][j];
        return new StockHead(head, [.. head.Model.GetBiases()], matrix);
    }

    /// <summary>The columns that scoring adds to rows of a schema, in the order in which the stock chain adds them: each readout's, then the network's.</summary>
    /// <param name="input">The schema of the rows to score.</param>
    /// <param name="columns">The names.</param>
    public IReadOnlyList<ScoredColumn> OutputColumns(DataViewSchema input, ScoringColumns columns)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(InputColumn, OneHotView.HeadInputType(Classes));
        DataViewSchema output = Transformer.GetOutputSchema(builder.ToSchema());
        var outputs = new List<ScoredColumn>();
        foreach ((int readout, ReadoutColumns names) in columns.Readouts.Index())
        {
            Add(readout + 1, names.Score, names.PredictedLabel);
            outputs.Add(new ScoredColumn(readout + 1, Scored.Margin, new DataViewSchema.DetachedColumn(names.Margin, NumberDataViewType.Single)));
        }
        Add(0, columns.Score, columns.PredictedLabel);
        return outputs;

        void Add(int head, string score, string predictedLabel)
        {
            (Scored Kind, DataViewSchema.Column Column, string Name)[] made =
                [(Scored.Score, output[DefaultColumns.Score], score), (Scored.PredictedLabel, output[DefaultColumns.PredictedLabel], predictedLabel)];
            outputs.AddRange(made.OrderBy(entry => entry.Column.Index)
                .Select(entry => new ScoredColumn(head, entry.Kind, new DataViewSchema.DetachedColumn(entry.Name, entry.Column.Type, entry.Column.Annotations))));
        }
    }
}
