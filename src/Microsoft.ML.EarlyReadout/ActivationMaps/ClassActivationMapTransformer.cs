using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Adds a column of class activation maps to views. Nothing is computed until the column is read; then it is, in the model's batches.
/// </summary>
internal sealed class ClassActivationMapTransformer(string output, EarlyReadoutTransformer model, int? classIndex) : ITransformer
{
    private readonly ScoredColumn _column = new(0, Scored.ActivationMap, new DataViewSchema.DetachedColumn(
        output, new VectorDataViewType(NumberDataViewType.Single, model.Session.MapHeight, model.Session.MapWidth),
        PixelRangeAnnotation.Of(model.Columns))) { Class = classIndex };

    public bool IsRowToRowMapper => false;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        model.Columns.FeatureIn(inputSchema);
        return ScoredView.SchemaOf(inputSchema, [_column]);
    }

    public void Check(SchemaShape promised) => model.Columns.RequireFeature(promised);

    public IDataView Transform(IDataView input) => new ScoredView(input, model.Session, model.Columns, [_column]);

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) =>
        throw new NotSupportedException(
            "Class activation maps are computed for views: put the rows in one, such as by LoadFromEnumerable.");

    public void Save(ModelSaveContext ctx) =>
        throw new NotSupportedException(
            "Class activation maps are not part of a saved model. Save the model itself; SaveAsOnnx writes a graph that has them as its "
                + "output ActivationMaps.");
}
