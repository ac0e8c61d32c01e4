namespace Microsoft.ML.EarlyReadout;

/// <summary>Student's t distribution with whole degrees of freedom.</summary>
internal static class StudentT
{
    private const int Halvings = 60;

    /// <summary>The t beyond which, to either side, the rest of a probability lies.</summary>
    /// <param name="confidence">The probability within, above 0 and below 1.</param>
    /// <param name="freedom">The degrees of freedom, at least 1.</param>
    public static double TwoSided(double confidence, int freedom)
    {
        double low = 0, high = Math.PI / 2;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            if (ProbabilityWithin(middle, freedom) < confidence) low = middle;
            else high = middle;
        }

        return Math.Sqrt(freedom) * Math.Tan(low);
    }

    /// <summary>The probability beyond a t, to both sides: the p of a test.</summary>
    /// <param name="t">The t, of either sign; it may be infinite.</param>
    /// <param name="freedom">The degrees of freedom, at least 1.</param>
    public static double Beyond(double t, int freedom) => 1 - ProbabilityWithin(Math.Atan(Math.Abs(t) / Math.Sqrt(freedom)), freedom);

    /// <summary>P(|T| ≤ √ν·tan θ): the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.</summary>
    private static double ProbabilityWithin(double theta, int freedom)
    {
        double cosine = Math.Cos(theta), sum = 0;
        bool odd = freedom % 2 == 1;
        double term = odd ? cosine : 1;
        for (int power = odd ? 1 : 0; power <= freedom - 2; power += 2)
        {
            sum += term;
            term *= cosine * cosine * (power + 1) / (power + 2);
        }

        return odd ? 2 / Math.PI * (theta + Math.Sin(theta) * sum) : Math.Sin(theta) * sum;
    }
}
