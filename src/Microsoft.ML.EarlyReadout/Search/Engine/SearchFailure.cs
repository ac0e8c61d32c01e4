using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Says why a search has nothing to choose from.</summary>
internal static class SearchFailure
{
    public static SearchFailedException Of(SearchPlan plan, Standings standings)
    {
        RunStanding[] runs = [.. plan.Trials.SelectMany(trial => standings.RunsOf(trial.Number))];
        RunStanding[] lost = [.. runs.Where(run => run.Fault is not null)];
        int diverged = lost.Count(run => run.Outcome.Divergence is not null);
        string first = $"The first said: {lost[0].Fault}";
        if (diverged < lost.Length)
        {
            return new(FormattableString.Invariant(
                $"No trial finished: {diverged} runs diverged and {lost.Length - diverged} failed. {first}"));
        }

        string what = diverged == runs.Length
            ? FormattableString.Invariant($"All {plan.Trials.Count} trials diverged.")
            : FormattableString.Invariant(
                $"No trial finished: {diverged} of {runs.Length} runs diverged, and the trials of the others were stopped before.");
        return new($"{what}{Tried(plan)} {first} "
            + "Lower Trainer.Optimizer.LearningRate, which other rates are multiples of; see too that features are normalised.");
    }

    /// <summary>A sentence with the rates that were tried, from the smallest to the largest; empty where none is varied.</summary>
    private static string Tried(SearchPlan plan)
    {
        string[] rates =
        [
            .. from setting in plan.Trials.SelectMany(trial => trial.Settings)
               where setting.Key.EndsWith("Rate", StringComparison.Ordinal)
               group double.Parse(setting.Value, CultureInfo.InvariantCulture) by setting.Key into values
               select FormattableString.Invariant($"{values.Key} {values.Min():G3} to {values.Max():G3}"),
        ];
        return rates.Length == 0 ? "" : $" Tried were {string.Join(", ", rates)}.";
    }
}
