namespace Microsoft.ML.EarlyReadout;

/// <summary>The inverse of a small dense matrix.</summary>
internal static class SquareMatrix
{
    /// <summary>Inverts a matrix by Gauss-Jordan elimination with partial pivoting.</summary>
    /// <param name="matrix">The matrix (n, n), left as it is.</param>
    /// <returns>Its inverse (n, n).</returns>
    /// <exception cref="ArithmeticException">The matrix is singular.</exception>
    public static double[][] Invert(double[][] matrix)
    {
        int n = matrix.Length;
        double[][] left = [.. matrix.Select(row => (double[])row.Clone())];
        double[][] right = [.. Enumerable.Range(0, n).Select(i => { var row = new double[n]; row[i] = 1; return row; })];
        for (int k = 0; k < n; k++)
        {
            int pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(left[i][k]));
            if (!(Math.Abs(left[pivot][k]) > double.Epsilon)) throw new ArithmeticException("The matrix is singular.");
            (left[k], left[pivot]) = (left[pivot], left[k]);
            (right[k], right[pivot]) = (right[pivot], right[k]);
            double scale = 1 / left[k][k];
            for (int j = 0; j < n; j++)
            {
                left[k][j] *= scale;
                right[k][j] *= scale;
            }

            for (int i = 0; i < n; i++)
            {
                double factor = left[i][k];
                if (i == k || factor == 0) continue;
                for (int j = 0; j < n; j++)
                {
                    left[i][j] -= factor * left[k][j];
                    right[i][j] -= factor * right[k][j];
                }
            }
        }

        return right;
    }
}
