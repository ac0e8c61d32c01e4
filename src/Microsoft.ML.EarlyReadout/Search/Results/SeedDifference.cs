namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>The figures of two trials from the same seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Plain">The figure of the best plain trial.</param>
/// <param name="Other">The figure of the best other trial.</param>
public sealed record SeedDifference(long Seed, double Plain, double Other)
{
    /// <summary>How much higher the other's is.</summary>
    public double Difference => Other - Plain;
}
