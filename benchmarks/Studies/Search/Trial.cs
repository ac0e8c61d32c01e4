namespace Studies;

/// <summary>A setting that the search tried, with its results over the search's seeds.</summary>
internal sealed record Trial(Criterion Criterion, Setting Setting, IReadOnlyList<RunResult> Results)
{
    /// <summary>Whether any seed diverged; such a setting is never chosen.</summary>
    public bool Diverged => Results.Any(result => result.Diverged is not null);

    /// <summary>The mean of a validation figure over the seeds; −∞ where a seed diverged, NaN where the figure does not exist.</summary>
    public double Mean(string figure) => Diverged
        ? double.NegativeInfinity
        : Results.Average(result => result.Validation.TryGetValue(figure, out double value) ? value : double.NaN);
}
