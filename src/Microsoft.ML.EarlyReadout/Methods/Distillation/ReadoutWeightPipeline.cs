using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The weight of a row as a chain of stock transforms: keys to their values as text, then an expression.</summary>
internal static class ReadoutWeightPipeline
{
    private const double LargestAlpha = float.MaxValue; // the expression computes in float32

    public static IEstimator<ITransformer> Create(
        TransformsCatalog catalog, ReadoutColumns readout, string output, string label, double alpha, double beta)
    {
        var faults = new OptionFaults();
        faults.NotEmpty("readoutName", readout.Name);
        faults.NotEmpty("outputColumnName", output);
        faults.NotEmpty("labelColumnName", label);
        IEnumerable<NamedColumn> columns = readout.All.Select(column => new NamedColumn("a column of the readout", column));
        faults.NoHiddenColumns([new("labelColumnName", label), .. columns], [new("outputColumnName", output)]);
        faults.InRange(nameof(alpha), alpha, 0, LargestAlpha);
        faults.InRange(nameof(beta), beta, 0, ReadoutWeighting.LargestBeta);
        faults.ThrowIfAny("ReadoutWeight");

        // Dropped in the end, and with them any column of the same name.
        string truth = ColumnNameRules.Reserved + "Truth", read = ColumnNameRules.Reserved + "Read";
        // The expression language has ^ for powers; a number keeps its point in every culture.
        string weight = string.Create(
            CultureInfo.InvariantCulture,
            $"(truth, read, margin) => truth == read ? 1f : exp({(float)beta:F6}f * (margin ^ {(float)alpha:F6}f))");
        // The expression language knows six types; as text it compares values of any.
        IEstimator<ITransformer> chain = catalog.Conversion.MapKeyToValue(truth, label)
            .Append(catalog.Conversion.MapKeyToValue(read, readout.PredictedLabel))
            .Append(catalog.Conversion.ConvertType(truth, truth, DataKind.String))
            .Append(catalog.Conversion.ConvertType(read, read, DataKind.String))
            .Append(catalog.Expression(output, weight, truth, read, readout.Margin))
            .Append(catalog.DropColumns(truth, read));
        return new ReadoutWeightEstimator(chain, label, readout.PredictedLabel);
    }
}
