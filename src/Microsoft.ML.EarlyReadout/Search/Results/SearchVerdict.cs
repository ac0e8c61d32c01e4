namespace Microsoft.ML.EarlyReadout;

/// <summary>Says in a sentence or two what a search came to.</summary>
internal static class SearchVerdict
{
    public static string Of(SearchResult result)
    {
        string plain = result.PlainName;
        if (result is not { BestOther: { } other, Gain: { } gain }) return $"No other trial gave a network; {plain} is the choice.";
        string trial = FormattableString.Invariant($"rial {other.Number}");
        string shown = gain.DoSeedsAgree && Math.Abs(gain.Mean) <= SampleMean.Rounding ? "seen" : "shown";
        string outcome = gain switch
        {
            { IsSignificant: true } => $"T{trial} is better than {plain}",
            { High: < 0 } => $"T{trial}, the best other, is worse than {plain}, which is the choice",
            _ => $"No difference is {shown} between t{trial}, the best other, and {plain}, which is the choice",
        };
        string interval = gain is { Low: { } low, High: { } high }
            ? $", 95 % interval {Points(low)} to {Points(high)}"
            : ", without an interval";
        string seeds = (gain.UsesFreshSeeds ? "fresh " : "") + (gain.Seeds.Count == 1 ? "seed" : "seeds");
        string agreement = gain.DoSeedsAgree
            ? " All seeds give the same difference, which does not tell how far other seeds would lie from it: nothing is shown; "
                + "confirm on more seeds (ConfirmationSeeds) or more rows."
            : "";
        string caution = gain.UsesFreshSeeds ? "" : " The same seeds chose the trial, so the gain is too high: set ConfirmationSeeds.";
        string figure = $"{result.Selection} {Points(gain.Mean)} points";
        return FormattableString.Invariant($"{outcome}: {figure}{interval}, {gain.Seeds.Count} {seeds}.{agreement}{caution}");
    }

    private static string Points(double difference) => TextTable.Signed(100 * difference);
}
