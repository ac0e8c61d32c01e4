namespace Microsoft.ML.EarlyReadout;

/// <summary>What to look at before believing what a search found, as sentences.</summary>
internal static class SearchWarnings
{
    private const long FewConflicting = 100; // ± 10 points
    private const double NormalQuantile = 1.96; // 95 %

    /// <summary>What the rows show before anything is trained.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="areKnown">Whether training and validation rows have groups, so that conflicting rows can be counted.</param>
    /// <param name="validatesOnTraining">Whether the validation rows are the training rows.</param>
    public static IEnumerable<string> OfRows(IReadOnlyList<RowGroup> groups, bool areKnown, bool validatesOnTraining)
    {
        if (validatesOnTraining)
        {
            yield return "The validation rows are the training rows, so the figure rewards memorised rows and the shortcut. "
                + "Give other rows.";
        }

        if (!areKnown) yield break;
        long conflicting = groups.Where(group => group.IsConflicting).Sum(group => group.Validation);
        if (conflicting == 0)
        {
            yield return "No validation row conflicts with the shortcut: no group with validation rows is rarer in training than its label "
                + "and attribute predict. So the figure cannot distinguish the shortcut from the real feature. The choice is noise.";
        }
        else if (conflicting < FewConflicting)
        {
            double points = 100 * NormalQuantile * Math.Sqrt(0.25 / conflicting);
            yield return FormattableString.Invariant(
                $"Few validation rows conflict with the shortcut: {conflicting}. An accuracy on so few is ")
                + FormattableString.Invariant(
                    $"known to ± {points:F0} points at worst, whatever the number of seeds. More such rows tell more than ")
                + "more trials do.";
        }
    }

    /// <summary>A baseline that diverged or failed counts 0, and everything is better than that.</summary>
    public static IEnumerable<string> PlainIsLost(SearchTrial plain, string name)
    {
        TrialRun[] runs = [.. plain.Runs, .. plain.Confirmation], lost = [.. runs.Where(run => run.Fault is not null)];
        if (lost.Length == 0) yield break;
        yield return FormattableString.Invariant($"{Capitalised.Of(name)} diverged or failed in {lost.Length} of its {runs.Length} runs. ")
            + $"They count 0, so a gain over it says nothing. Give the trainer a rate that it bears. The first said: {lost[0].Fault}";
    }

    /// <summary>
    /// A comparison at a budget at which plain training is still learning says who learns faster. Silence is no promise: where the schedule
    /// lets the rate fall to zero, plain training is flat at the end, whatever more steps would give.
    /// </summary>
    public static IEnumerable<string> StillRising(SearchTrial plain, SearchPlan plan)
    {
        const double point = 0.01;
        long lastThird = plan.Rungs.Steps[^1] * 2L / 3;
        double[] rises = [.. plain.Runs.Where(run => run.Fault is null && run.Curve.Any(each => each.Step <= lastThird))
            .Select(run => run.Score - run.Curve.Where(each => each.Step <= lastThird).Max(each => each.Score))];
        if (rises.Length == 0 || rises.Average() <= point) yield break;
        yield return $"{Capitalised.Of(plan.PlainName)} has not levelled: its figure still rose by "
            + FormattableString.Invariant($"{100 * rises.Average():F1} points in the last third of the steps. Give more steps; ")
            + "until then the search tells who learns faster, not who learns better.";
    }
}
