using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Loads images of views at the scale at which they are needed. Single rows, and a saved model, have the stock
/// transform.</summary>
internal sealed class ScaledImageTransformer(ITransformer stock, string output, string path, ScaledImages images) : ITransformer
{
    public bool IsRowToRowMapper => stock.IsRowToRowMapper;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => stock.GetOutputSchema(inputSchema);

    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        IDataView loaded = stock.Transform(input);
        // The output may hide a column of paths of its own name, which keeps its place.
        return new ScaledImageView(loaded, loaded.Schema[output], loaded.Schema[input.Schema[path].Index], images);
    }

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => stock.GetRowToRowMapper(inputSchema);

    public void Save(ModelSaveContext ctx) => stock.Save(ctx);
}
