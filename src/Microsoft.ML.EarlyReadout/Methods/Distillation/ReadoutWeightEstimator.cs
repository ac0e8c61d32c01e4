using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A chain of stock transforms that compares a label with a readout's answer by their values, after it has checked both.</summary>
/// <param name="chain">The chain.</param>
/// <param name="label">The column of labels.</param>
/// <param name="predicted">The column of the readout's answers.</param>
internal sealed class ReadoutWeightEstimator(IEstimator<ITransformer> chain, string label, string predicted) : IEstimator<ITransformer>
{
    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Check(input.Schema, label, "label");
        Check(input.Schema, predicted, "readout's");
        return chain.Fit(input);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => chain.GetOutputSchema(inputSchema);

    private static void Check(DataViewSchema schema, string name, string role)
    {
        DataViewSchema.Column column = ColumnFinder.Find(schema, name, role);
        if (column.Type is not KeyDataViewType)
            throw ColumnFinder.WrongType(column, role, "a key", "MapValueToKey makes one of any value.");
        if (column.Annotations.Schema.GetColumnOrNull(ColumnAnnotation.KeyValues) is null)
        {
            throw ColumnFinder.Mismatch($"The {role} column '{name}' is of type {column.Type}, a key without values, and labels "
                + "are compared with the readout's answers by their values. Make the label with MapValueToKey before the readouts are "
                + "trained.");
        }
    }
}
