using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The columns that scoring reads and writes.</summary>
/// <param name="Feature">The column of features, of <paramref name="Shape"/>.</param>
/// <param name="Label">The column of labels in the training data; not read when scoring.</param>
/// <param name="Score">The output column of class probabilities.</param>
/// <param name="PredictedLabel">The output column of the predicted class.</param>
/// <param name="Shape">The shape of one example.</param>
internal sealed record ScoringColumns(string Feature, string Label, string Score, string PredictedLabel, FeatureShape Shape)
{
    /// <summary>How examples stand in the feature column.</summary>
    public FeatureFormat Format { get; init; } = FeatureFormat.Vectors;

    /// <summary>The column of second texts, where the model reads pairs of texts.</summary>
    public string? SecondText { get; init; }

    /// <summary>Cuts texts into tokens; <see langword="null"/> where the feature column holds none.</summary>
    public BertTokenizer? Tokenizer { get; init; }

    /// <summary>The output columns of each readout.</summary>
    public IReadOnlyList<ReadoutColumns> Readouts { get; init; } = [];

    /// <summary>Whether images of any size are scored, brought to the network's by the stock <c>ResizeImages</c>: so where the training
    /// column tells no size. Where it tells one, only columns of that size are scored.</summary>
    public bool ResizesImages { get; init; }

    /// <summary>What the numbers of the feature column mean, for pictures of them.</summary>
    public PixelRange Pixels { get; init; } = PixelRange.Bytes;

    /// <summary>The vector column that the graph reads: the feature column, or what stock transforms make of it.</summary>
    public string GraphInput => Format.GraphInput(Feature);

    /// <inheritdoc cref="FeatureFormat.StockSteps"/>
    public IEnumerable<(IEstimator<ITransformer> Step, string Column)> StockSteps(MLContext ml) =>
        Format.StockSteps(ml, Feature, Shape, ResizesImages);

    /// <summary>The names of all output columns.</summary>
    public IReadOnlyCollection<string> Outputs => [Score, PredictedLabel, .. Readouts.SelectMany(readout => readout.All)];

    /// <summary>The columns that the model reads and adds, by what they are to it.</summary>
    public IEnumerable<NamedColumn> Named =>
    [
        new("the model's feature column", Feature),
        new("its column of second texts", SecondText),
        new("its label column", Label),
        new("its score column", Score),
        new("its column of predicted labels", PredictedLabel),
        .. Readouts.SelectMany(readout => readout.All).Select(column => new NamedColumn("a column of its readouts", column)),
    ];

    /// <summary>Checks that rows can be scored: they have the columns that it reads, and no column that a saved model would lose.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They cannot.</exception>
    public void Check(DataViewSchema rows)
    {
        ReadIn(rows);
        TransientColumns.Check(rows.Where(column => !column.IsHidden).Select(column => column.Name), Feature, Format, Outputs);
    }

    /// <summary>Checks that a schema has the feature column, of the type that the network was trained on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not.</exception>
    public DataViewSchema.Column FeatureIn(DataViewSchema schema)
    {
        if (schema.GetColumnOrNull(Feature) is not { } column)
        {
            throw new ArgumentOutOfRangeException(
                nameof(schema), $"Could not find feature column '{Feature}'.{(Format is ImageFormat ? $" {ImageFormat.Dropped}" : "")}");
        }

        if (!Format.Holds(column.Type, Shape, ResizesImages))
            throw new ArgumentOutOfRangeException(
                nameof(schema), $"Schema mismatch for feature column '{Feature}': expected {Expected}, got {column.Type}.");
        return column;
    }

    /// <summary>The columns of a schema that are read for a score: that of features, then that of second texts, where there is
    /// one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is missing or of another type.</exception>
    public IReadOnlyList<DataViewSchema.Column> ReadIn(DataViewSchema schema)
    {
        DataViewSchema.Column feature = FeatureIn(schema);
        return TextColumns.FindSecond(schema, SecondText) is { } second ? [feature, second] : [feature];
    }

    /// <summary>As <see cref="FeatureIn(DataViewSchema)"/>, as far as the promise of a schema tells.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or of another type.</exception>
    public void RequireFeature(SchemaShape promised) =>
        ColumnFinder.Require(promised, Feature, FeatureFormat.Role, Expected, Format.Holds);

    private string Expected => Format.ExpectedOf(Shape, ResizesImages);
}
