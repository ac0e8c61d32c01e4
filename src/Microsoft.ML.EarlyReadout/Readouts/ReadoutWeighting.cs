namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// From a readout's probabilities to the weight of a row: <c>w = exp(β·cm^α)</c> where the readout is wrong, 1 where it is right; cm is its
/// confidence margin.
/// </summary>
/// <param name="Alpha">α.</param>
/// <param name="Beta">β.</param>
/// <param name="Cap">The largest weight, or <see langword="null"/>.</param>
internal sealed record ReadoutWeighting(double Alpha, double Beta, double? Cap)
{
    /// <summary>The largest β: e^β must be a float32 number, and exp(88.7) is the last.</summary>
    public const double LargestBeta = 80;

    /// <summary>β where it is left automatic: the release's where weights are pretrained; a network with fresh weights does not bear
    /// weights of fifty.</summary>
    public static double AutomaticBeta(bool pretrained) => pretrained ? 4 : 1;

    /// <summary>The weight of a row.</summary>
    /// <param name="probabilities">What the readout gives each class.</param>
    /// <param name="label">The row's class.</param>
    public double Of(ReadOnlySpan<float> probabilities, int label) =>
        IsWrong(probabilities, label) ? OfWrong(ConfidenceMargin.Of(probabilities)) : 1;

    /// <summary>The weight of a row that is read wrongly with a margin.</summary>
    public double OfWrong(double margin) => Math.Min(Math.Exp(Beta * Math.Pow(margin, Alpha)), Cap ?? double.PositiveInfinity);

    /// <summary>Whether another class has the highest probability; the first of equals is the one predicted.</summary>
    public static bool IsWrong(ReadOnlySpan<float> probabilities, int label)
    {
        int best = 0;
        for (int c = 1; c < probabilities.Length; c++)
            if (probabilities[c] > probabilities[best]) best = c;
        return best != label;
    }
}
