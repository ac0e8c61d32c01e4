namespace Microsoft.ML.EarlyReadout;

/// <summary>How the confidence margins of some rows are distributed.</summary>
/// <param name="Count">The rows; those without a margin, whose features are no numbers, are not among them.</param>
/// <param name="Mean">Their mean margin, in [0, 1]; <see langword="null"/> without rows.</param>
/// <param name="Histogram">Rows in each of 20 equal parts of [0, 1].</param>
public sealed record MarginDistribution(long Count, double? Mean, IReadOnlyList<long> Histogram)
{
    private const int Bins = 20;

    internal static MarginDistribution Of(IEnumerable<float> margins)
    {
        float[] known = [.. margins.Where(float.IsFinite)];
        var histogram = new long[Bins];
        foreach (float margin in known) histogram[Math.Clamp((int)(margin * Bins), 0, Bins - 1)]++;
        return new MarginDistribution(known.Length, known.Length == 0 ? null : known.Average(margin => (double)margin), histogram);
    }
}
