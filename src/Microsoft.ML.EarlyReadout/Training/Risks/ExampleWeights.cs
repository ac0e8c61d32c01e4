using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How much each row counts, as a column of the data says.</summary>
internal static class ExampleWeights
{
    /// <summary>The weight of each row of the packed set, scaled so that the training rows have mean 1.</summary>
    /// <param name="rows">The training rows.</param>
    /// <param name="column">The column, which was read with them.</param>
    /// <exception cref="InvalidDataException">A weight is negative, or those of the training rows are all 0.</exception>
    public static float[] Of(TrainingRows rows, string column)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] weights = rows.Set.Columns[column].Gather(TrainingRows.AllOf(rows.Set).Indices, CPU).data<float>().ToArray();
        int negative = Array.FindIndex(weights, weight => weight < 0);
        if (negative >= 0)
        {
            string counted = rows.Set.SkippedRows > 0 ? "among the rows with a label" : "in the data view";
            throw new InvalidDataException(FormattableString.Invariant(
                $"Column '{column}', row {negative} (counted from 0 {counted}) has the value {weights[negative]}; expected at least 0."));
        }

        double mean = rows.Indices.Average(row => (double)weights[row]);
        if (mean == 0)
        {
            throw new InvalidDataException(
                $"The example-weight column '{column}' is 0 in all {rows.Indices.Length} training rows; at least one must count.");
        }

        return [.. weights.Select(weight => (float)(weight / mean))];
    }
}
