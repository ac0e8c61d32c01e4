namespace Microsoft.ML.EarlyReadout;

/// <summary>How sure a classifier is of its prediction: <c>cm = q(top 1) − q(top 2)</c>, in [0, 1].</summary>
internal static class ConfidenceMargin
{
    /// <param name="probabilities">One for each class, at least two.</param>
    public static float Of(ReadOnlySpan<float> probabilities)
    {
        (float first, float second) = (float.NegativeInfinity, float.NegativeInfinity);
        foreach (float probability in probabilities)
        {
            if (probability > first) (first, second) = (probability, first);
            else if (probability > second) second = probability;
        }

        return first - second;
    }
}
