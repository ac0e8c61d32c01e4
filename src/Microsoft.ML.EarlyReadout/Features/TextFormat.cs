using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A column of texts, which the exported graph itself cuts into tokens.</summary>
internal sealed class TextFormat : FeatureFormat
{
    /// <inheritdoc/>
    public override string Contents => "texts";

    /// <inheritdoc/>
    public override string GraphContents => "texts";

    /// <inheritdoc/>
    protected override string ColumnType => "text";

    /// <inheritdoc/>
    public override bool Holds(DataViewType type) => type is TextDataViewType;

    /// <inheritdoc/>
    public override bool Holds(SchemaShape.Column promised) =>
        promised.Kind == SchemaShape.Column.VectorKind.Scalar && promised.ItemType is TextDataViewType;

    /// <inheritdoc/>
    public override FeatureShape? ShapeIn(DataViewSchema.Column column, InputOptions input) => null; // the vocabulary decides

    /// <inheritdoc/>
    public override bool IsOfAnySize(DataViewType type) => false;

    /// <inheritdoc/>
    public override bool Holds(DataViewType type, FeatureShape shape, bool ofAnySize) => Holds(type);

    /// <inheritdoc/>
    public override string ExpectedOf(FeatureShape shape, bool ofAnySize) => ColumnType;

    /// <inheritdoc/>
    public override IEstimator<ITransformer> ToVectors(MLContext ml, string vectors, string feature) =>
        ml.Transforms.Text.FeaturizeText(vectors, feature);
}
