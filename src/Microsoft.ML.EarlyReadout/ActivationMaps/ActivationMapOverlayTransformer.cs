using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Paints maps over images row by row. A stock mapping does the work; what it cannot read is named, and what it cannot do is
/// said.</summary>
/// <param name="mapping">The mapping.</param>
/// <param name="image">The column of images or pixels.</param>
internal sealed class ActivationMapOverlayTransformer(ITransformer mapping, string image) : ITransformer
{
    public bool IsRowToRowMapper => mapping.IsRowToRowMapper;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => mapping.GetOutputSchema(inputSchema);

    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return mapping.Transform(input.Schema.GetColumnOrNull(image) is { } column ? new FaultNamingView(input, column) : input);
    }

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => mapping.GetRowToRowMapper(inputSchema);

    public void Save(ModelSaveContext ctx) =>
        throw new NotSupportedException("Overlays are not part of a saved model: a stock application has no transform that paints them. "
            + "Save the model without ActivationMapOverlay, and append it again where pictures are wanted.");
}
