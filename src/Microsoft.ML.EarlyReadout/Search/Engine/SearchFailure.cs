using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Says why a search has nothing to choose from.</summary>
internal static class SearchFailure
{
    public static SearchFailedException Of(SearchPlan plan, Standings standings)
    {
        RunStanding[] lost = [.. plan.Trials.SelectMany(trial => standings.RunsOf(trial.Number)).Where(run => run.Fault is not null)];
        int diverged = lost.Count(run => run.Outcome.Divergence is not null);
        string first = $"The first said: {lost[0].Fault}";
        return new(diverged == lost.Length
            ? FormattableString.Invariant($"All {plan.Trials.Count} trials diverged. Tried were {Tried(plan)}. {first} ")
                + "Lower Trainer.Optimizer.LearningRate, which other rates are multiples of; see too that features are normalised."
            : FormattableString.Invariant($"No trial finished: {diverged} runs diverged and {lost.Length - diverged} failed. {first}"));
    }

    /// <summary>The rates that were tried, from the smallest to the largest.</summary>
    private static string Tried(SearchPlan plan) => string.Join(", ",
        from setting in plan.Trials.SelectMany(trial => trial.Settings)
        where setting.Key.EndsWith("Rate", StringComparison.Ordinal)
        group double.Parse(setting.Value, CultureInfo.InvariantCulture) by setting.Key into values
        select FormattableString.Invariant($"{values.Key} {values.Min():G3} to {values.Max():G3}"));
}
