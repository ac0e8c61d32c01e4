namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The linear layer of deep feature reweighting: for each balanced subset of the rows a sparse logistic regression on the standardised
/// embedding, one class against the rest where there are more than two; their mean, with the scaler folded in. The scores of two classes
/// are −z/2 and z/2, so that their softmax is the regression's sigmoid.
/// </summary>
/// <param name="rows">The rows' embeddings.</param>
/// <param name="labels">Their classes, from 0.</param>
/// <param name="classes">The number of classes, C.</param>
/// <param name="scaler">Standardises the embedding, of D features.</param>
/// <param name="cancellation">Stops a fit.</param>
internal sealed class ReweightedHead(
    IReadOnlyList<float[]> rows, IReadOnlyList<int> labels, int classes, StandardScaler scaler, Cancellation cancellation)
{
    private readonly int[] _positive = classes == 2 ? [1] : [.. Enumerable.Range(0, classes)];

    // Where the next fit starts. The optimum is the same from anywhere; from near it is found sooner.
    private readonly double[][] _last =
        [.. Enumerable.Range(0, classes == 2 ? 1 : classes).Select(_ => new double[scaler.Mean.Length + 1])];

    /// <summary>The mean of the fits to subsets of the rows.</summary>
    /// <param name="subsets">The places of each subset's rows.</param>
    /// <param name="c">C of the regression: how much the rows count against the penalty.</param>
    /// <returns>The layer's weight (C, D) and bias (C), for embeddings as they are.</returns>
    public (double[][] Weight, double[] Bias) Fit(IReadOnlyList<int[]> subsets, double c)
    {
        int width = scaler.Mean.Length;
        double[][] mean = [.. _positive.Select(_ => new double[width + 1])];
        foreach (int[] subset in subsets)
        {
            var regression = new SparseLogisticRegression(scaler.Columns([.. subset.Select(row => rows[row])]), cancellation);
            for (int k = 0; k < _positive.Length; k++)
            {
                regression.Fit([.. subset.Select(row => labels[row] == _positive[k])], c, _last[k]);
                for (int j = 0; j <= width; j++) mean[k][j] += _last[k][j] / subsets.Count;
            }
        }

        double[][] folded = [.. mean.Select(Folded)];
        if (classes == 2) folded = [[.. folded[0].Select(value => -value / 2)], [.. folded[0].Select(value => value / 2)]];
        return ([.. folded.Select(row => row[..width])], [.. folded.Select(row => row[width])]);
    }

    /// <summary>w·(x − mean) / deviation + b as w'·x + b'.</summary>
    private double[] Folded(double[] weights)
    {
        double[] folded = [.. weights];
        for (int j = 0; j < scaler.Mean.Length; j++)
        {
            folded[j] /= scaler.Deviation[j];
            folded[^1] -= folded[j] * scaler.Mean[j];
        }

        return folded;
    }
}
