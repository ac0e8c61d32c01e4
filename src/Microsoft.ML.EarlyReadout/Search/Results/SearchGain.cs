namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>How much higher the best other trial's validation figure is than the best plain trial's, seed by seed.</summary>
public sealed record SearchGain
{
    private const double Confidence = 0.95;

    /// <summary>The mean of the differences; 0.01 is one point of a hundred.</summary>
    public required double Mean { get; init; }

    /// <summary>
    /// The lower end of the 95 % interval of the mean by Student's t; <see langword="null"/> where there is one seed, or where all seeds
    /// have the same difference: they do not tell how far it depends on the seed.
    /// </summary>
    public required double? Low { get; init; }

    /// <summary>The upper end.</summary>
    public required double? High { get; init; }

    /// <summary>Whether the seeds are fresh. Those by which a trial was chosen among others make it look better than it is.</summary>
    public required bool UsesFreshSeeds { get; init; }

    /// <summary>The figures by seed.</summary>
    public required IReadOnlyList<SeedDifference> Seeds { get; init; }

    /// <summary>Whether a gain is shown: the interval lies above zero.</summary>
    public bool IsSignificant => Low > 0;

    /// <summary>Whether there are several seeds, all with the same difference.</summary>
    internal bool DoSeedsAgree => Low is null && Seeds.Count > 1;

    /// <summary>Works it out.</summary>
    internal static SearchGain Of(IReadOnlyList<SeedDifference> seeds, bool fresh)
    {
        var mean = SampleMean.Of(seeds.Select(seed => seed.Difference));
        (double Low, double High)? interval = mean.Interval(Confidence);
        return new SearchGain
        {
            Mean = mean.Value,
            Low = interval?.Low,
            High = interval?.High,
            UsesFreshSeeds = fresh,
            Seeds = seeds,
        };
    }
}
