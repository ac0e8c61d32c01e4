namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The weights of automatic feature reweighting: <c>w_i ∝ r_i / n_{y_i}</c> with sum 1, with r_i what a row counts by itself and n the rows
/// of its class.
/// </summary>
internal static class ReweightedRows
{
    /// <param name="probabilities">(N, C), row by row: what a classifier gives each class.</param>
    /// <param name="labels">(N): the rows' classes, from 0.</param>
    /// <param name="counts">r_i, by a row's probabilities and class.</param>
    /// <returns>(N).</returns>
    public static float[] Weights(ReadOnlySpan<float> probabilities, IReadOnlyList<int> labels, RowCount counts)
    {
        Dictionary<int, int> rowsOf = labels.CountBy(label => label).ToDictionary();
        int classes = probabilities.Length / labels.Count;
        var weights = new double[labels.Count];
        for (int i = 0; i < weights.Length; i++)
            weights[i] = counts(probabilities.Slice(i * classes, classes), labels[i]) / rowsOf[labels[i]];
        double sum = weights.Sum();
        return [.. weights.Select(weight => (float)(weight / sum))];
    }

    /// <summary>exp(−γ·p_y).</summary>
    public static RowCount ByConfidence(double gamma) => (probabilities, label) => Math.Exp(-gamma * probabilities[label]);

    /// <summary>What a row counts by itself.</summary>
    /// <param name="probabilities">What a classifier gives each class.</param>
    /// <param name="label">The row's class.</param>
    public delegate double RowCount(ReadOnlySpan<float> probabilities, int label);
}
