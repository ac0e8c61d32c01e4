namespace Microsoft.ML.EarlyReadout;

/// <summary>Takes each feature to mean 0 and standard deviation 1 over some rows; a feature that does not vary is shifted alone. As
/// scikit-learn's of that name.</summary>
/// <param name="Mean">One number a feature.</param>
/// <param name="Deviation">One number a feature; 1 for a feature that does not vary.</param>
internal sealed record StandardScaler(double[] Mean, double[] Deviation)
{
    private const double Epsilon = 2.220446049250313e-16; // between 1 and the next double

    /// <summary>The scaler of rows that come in batches: means and sums of squares are combined as they come (Chan, Golub and LeVeque,
    /// 1979).</summary>
    public static StandardScaler Of(IEnumerable<float[][]> batches)
    {
        double[] mean = [], squares = [];
        long count = 0;
        foreach (float[][] batch in batches)
        {
            if (count == 0) (mean, squares) = (new double[batch[0].Length], new double[batch[0].Length]);
            long total = count + batch.Length;
            for (int j = 0; j < mean.Length; j++)
            {
                double own = 0, ownSquares = 0;
                foreach (float[] row in batch) own += row[j];
                own /= batch.Length;
                foreach (float[] row in batch) ownSquares += (row[j] - own) * (row[j] - own);
                double apart = own - mean[j];
                squares[j] += ownSquares + apart * apart * ((double)count * batch.Length / total);
                mean[j] += apart * batch.Length / total;
            }

            count = total;
        }

        return new StandardScaler(mean, [.. squares.Zip(mean, (square, middle) => Scale(square / count, middle))]);

        // What rounding alone leaves of a constant is no variance.
        double Scale(double variance, double middle) => variance <= Math.Pow(count * middle * Epsilon, 2) ? 1 : Math.Sqrt(variance);
    }

    /// <summary>The columns of scaled rows, and a last one of ones for the intercept.</summary>
    public double[][] Columns(IReadOnlyList<float[]> rows)
    {
        return [.. Enumerable.Range(0, Mean.Length).Select(Scaled), [.. Enumerable.Repeat(1.0, rows.Count)]];

        double[] Scaled(int j) => [.. rows.Select(row => (row[j] - Mean[j]) / Deviation[j])];
    }
}
