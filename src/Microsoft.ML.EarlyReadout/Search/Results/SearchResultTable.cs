using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The text form of a <see cref="SearchResult"/>.</summary>
internal static class SearchResultTable
{
    private const int MostTrials = 12;

    public static string Verdict(SearchResult result)
    {
        string plain = result.PlainName;
        if (result.BestOther is not { } other) return $"No other trial gave a network; {plain} is the choice.";
        SearchGain gain = result.Gain!;
        string trial = FormattableString.Invariant($"trial {other.Number}");
        string outcome = gain switch
        {
            { IsShown: true } => $"T{trial[1..]} is better than {plain}",
            { High: < 0 } => $"T{trial[1..]}, the best other, is worse than {plain}, which is the choice",
            _ => $"No difference is shown between {trial}, the best other, and {plain}, which is the choice",
        };
        string interval = gain.Low is { } low ? $", 95 % interval {Points(low)} to {Points(gain.High!.Value)}" : ", without an interval";
        string seeds = FormattableString.Invariant($"{gain.Seeds.Count} {(gain.AreSeedsFresh ? "fresh " : "")}{(gain.Seeds.Count == 1 ? "seed" : "seeds")}");
        string caution = gain.AreSeedsFresh ? "" : " It is of the seeds that chose the trial, and therefore too high: set ConfirmationSeeds.";
        return $"{outcome}: {result.Metric} {Points(gain.Mean)} points{interval}, {seeds}.{caution}";
    }

    public static string Render(SearchResult result)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"Search of {result.Trainer} by {result.Metric}: {result.Trials.Count} trials, {result.Trials[0].Runs.Count} seeds each, compared after {string.Join(", ", result.RungSteps)} steps.");
        text.AppendLine(result.Verdict);
        text.AppendLine();
        AppendTrials(text, result);
        text.AppendLine();
        AppendGroups(text, result);
        foreach (string warning in result.Warnings) text.AppendLine().Append("Warning: ").AppendLine(warning);
        return text.ToString();
    }

    private static void AppendTrials(StringBuilder text, SearchResult result)
    {
        SearchTrial[] ranked = [.. result.Trials.OrderByDescending(trial => trial.Steps).ThenByDescending(trial => trial.Figure).ThenBy(trial => trial.Number)];
        SearchTrial[] shown = [.. ranked.Where((trial, i) => i < MostTrials || trial == result.BestPlain || trial == result.BestOther)];
        string[] options = [.. shown.SelectMany(trial => trial.Settings.Keys).Distinct()];
        List<string[]> rows = [["Trial", "Figure", "Steps", .. options.Select(option => option.Split('.')[^1]), ""]];
        foreach (SearchTrial trial in shown)
        {
            rows.Add([
                trial.Number.ToString(CultureInfo.InvariantCulture), Ratio(trial.Figure), trial.Steps.ToString(CultureInfo.InvariantCulture),
                .. options.Select(option => trial.Settings.GetValueOrDefault(option)?.Trim('"') ?? "–"), Remark(result, trial)]);
        }

        AppendTable(text, rows);
        if (ranked.Length > shown.Length) text.AppendLine(CultureInfo.InvariantCulture, $"… and {ranked.Length - shown.Length} more");
    }

    private static string Remark(SearchResult result, SearchTrial trial)
    {
        List<string> remarks = [];
        if (trial == result.Best) remarks.Add("chosen");
        if (trial.IsPlain) remarks.Add("plain");
        if (trial.State is TrialState.Diverged or TrialState.Failed)
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{trial.Runs.Count(run => run.Fault is not null)} of {trial.Runs.Count} {(trial.State == TrialState.Diverged ? "diverged" : "failed")}"));
        return string.Join(", ", remarks);
    }

    private static void AppendGroups(StringBuilder text, SearchResult result)
    {
        string conflicting = result.ConflictingRows is { } rows
            ? FormattableString.Invariant($", {rows} of them where the shortcut misleads")
            : "; where a shortcut misleads is not known without GroupColumnName";
        text.AppendLine(FormattableString.Invariant($"{result.ValidationRows} validation rows{conflicting}."));
        List<string[]> table = [["Group", "Training", "Validation", "Plain", "Other", ""]];
        foreach (SearchGroup group in result.Groups)
        {
            table.Add([
                group.Name, group.TrainingRows.ToString("N0", CultureInfo.InvariantCulture), group.ValidationRows.ToString("N0", CultureInfo.InvariantCulture),
                Ratio(group.PlainAccuracy), Ratio(group.OtherAccuracy), group.IsConflicting ? "conflicting" : ""]);
        }

        AppendTable(text, table);
    }

    private static void AppendTable(StringBuilder text, List<string[]> rows)
    {
        int[] widths = [.. rows[0].Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
            text.AppendLine(string.Join("  ", row.Select((cell, i) => i == 0 || i == row.Length - 1 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());
    }

    private static string Ratio(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "–";

    private static string Points(double difference) => (100 * difference).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
}
