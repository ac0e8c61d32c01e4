using System.Numerics.Tensors;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Logistic regression of two classes with an L1 penalty: minimises <c>‖w‖₁ + C·Σ_i log(1 + exp(−y_i·w·x_i))</c> with y = ±1. A column of
/// ones makes an intercept; it is penalised as any other, which is what liblinear and scikit-learn's <c>solver="liblinear"</c> do
/// (ML.NET's L-BFGS leaves it out of the penalty, and so has another optimum).
/// </summary>
/// <remarks>Newton's method with coordinate descent inside: "An Improved GLMNET for L1-regularized Logistic Regression" (JMLR 2012),
/// liblinear's own.</remarks>
/// <param name="columns">The features, one column after another, each with one number a row.</param>
/// <param name="cancellation">Stops the fit within one pass over the numbers of all columns.</param>
internal sealed class SparseLogisticRegression(double[][] columns, Cancellation cancellation)
{
    private const double Tolerance = 1e-7; // of the penalty's own slope, which is 1
    private const double LeastCurvature = 1e-12; // of a column that is zero in every row, and of rows that are sure
    private const double SufficientDecrease = 0.01;
    private const double ShortestStep = 1e-10;
    private const int MostNewtonSteps = 500;
    private const int MostPasses = 1000;

    private readonly int _rows = columns[0].Length;
    private readonly double[] _product = new double[columns[0].Length];

    /// <param name="positive">Which rows are of the class with y = 1.</param>
    /// <param name="c">C, greater than 0: how much the rows count against the penalty.</param>
    /// <param name="weights">w to start from, one a column; afterwards the optimum.</param>
    public void Fit(ReadOnlySpan<bool> positive, double c, double[] weights)
    {
        double[] margins = new double[_rows], slopes = new double[_rows], curvatures = new double[_rows];
        double[] gradient = new double[columns.Length], diagonal = new double[columns.Length], direction = new double[columns.Length];
        double[] moved = new double[_rows];
        for (int j = 0; j < columns.Length; j++) AddTo(margins, weights[j], columns[j]);
        for (int step = 0; step < MostNewtonSteps; step++)
        {
            for (int i = 0; i < _rows; i++)
            {
                double p = 1 / (1 + Math.Exp(-margins[i]));
                slopes[i] = c * (p - (positive[i] ? 1 : 0));
                curvatures[i] = c * p * (1 - p);
            }

            cancellation.ThrowIfRequested();
            double violation = 0;
            for (int j = 0; j < columns.Length; j++)
            {
                gradient[j] = TensorPrimitives.Dot<double>(columns[j], slopes);
                TensorPrimitives.Multiply<double>(columns[j], curvatures, _product);
                diagonal[j] = TensorPrimitives.Dot<double>(_product, columns[j]) + LeastCurvature;
                violation = Math.Max(violation, Violation(weights[j], gradient[j]));
            }

            if (violation <= Tolerance) return;
            FindDirection(weights, gradient, diagonal, curvatures, 0.1 * violation, direction);
            Array.Clear(moved);
            for (int j = 0; j < columns.Length; j++) AddTo(moved, direction[j], columns[j]);
            if (!Move(positive, c, weights, margins, gradient, direction, moved)) return; // as close as numbers get
        }
    }

    /// <summary>Minimises the quadratic model around w plus the penalty, by coordinate descent: a pass over all columns, then passes over
    /// those that matter. A row of the model's Hessian is computed when its column first moves, and few do: a pass then costs as many
    /// numbers as there are columns for each, however many rows there are.</summary>
    private void FindDirection(
        double[] weights, double[] gradient, double[] diagonal, double[] curvatures, double tolerance, double[] direction)
    {
        Array.Clear(direction);
        double[] slopes = [.. gradient]; // of the model at w + direction
        var hessian = new double[columns.Length][];
        for (int pass = 0; pass < MostPasses;)
        {
            if (Pass(all: true) <= tolerance) return;
            while (++pass < MostPasses && Pass(all: false) > tolerance)
            {
            }
        }

        double Pass(bool all)
        {
            cancellation.ThrowIfRequested();
            double violation = 0;
            for (int j = 0; j < columns.Length; j++)
            {
                double at = weights[j] + direction[j];
                if (!all && at == 0) continue;
                double violated = Violation(at, slopes[j]);
                if (violated == 0) continue;
                violation = Math.Max(violation, violated);
                double target = at - slopes[j] / diagonal[j];
                double change = Math.Sign(target) * Math.Max(0, Math.Abs(target) - 1 / diagonal[j]) - at;
                direction[j] += change;
                AddTo(slopes, change, hessian[j] ??= Row(j));
            }

            return violation;
        }

        double[] Row(int j)
        {
            cancellation.ThrowIfRequested(); // a pass may need a row for each column, and each reads the numbers of all
            TensorPrimitives.Multiply<double>(columns[j], curvatures, _product);
            return [.. columns.Select(column => TensorPrimitives.Dot<double>(column, _product))];
        }
    }

    /// <summary>Goes along the direction as far as the objective falls enough.</summary>
    /// <returns>Whether it went anywhere.</returns>
    private static bool Move(
        ReadOnlySpan<bool> positive, double c, double[] weights, double[] margins, double[] gradient, double[] direction, double[] moved)
    {
        double promised = TensorPrimitives.Dot<double>(gradient, direction) + PenaltyChange(1);
        for (double length = 1; length > ShortestStep; length /= 2)
        {
            double change = 0;
            for (int i = 0; i < margins.Length; i++)
                change += Loss(margins[i] + length * moved[i], positive[i]) - Loss(margins[i], positive[i]);
            if (c * change + PenaltyChange(length) > SufficientDecrease * length * promised) continue;
            AddTo(weights, length, direction);
            AddTo(margins, length, moved);
            return true;
        }

        return false;

        double PenaltyChange(double length)
        {
            double change = 0;
            for (int j = 0; j < weights.Length; j++) change += Math.Abs(weights[j] + length * direction[j]) - Math.Abs(weights[j]);
            return change;
        }
    }

    /// <summary>log(1 + e^m) − y'·m with y' = 1 for a positive row: the loss at a margin m, which neither overflows nor cancels.</summary>
    private static double Loss(double margin, bool positive)
    {
        double towards = positive ? margin : -margin;
        return Math.Max(0, -towards) + Math.Log(1 + Math.Exp(-Math.Abs(towards)));
    }

    /// <summary>How far the slopes of loss and penalty are from balancing each other.</summary>
    private static double Violation(double weight, double slope) =>
        weight > 0 ? Math.Abs(slope + 1) : weight < 0 ? Math.Abs(slope - 1) : Math.Max(0, Math.Abs(slope) - 1);

    private static void AddTo(double[] sum, double factor, double[] values)
    {
        if (factor != 0) TensorPrimitives.MultiplyAdd(values, factor, sum, sum);
    }
}
