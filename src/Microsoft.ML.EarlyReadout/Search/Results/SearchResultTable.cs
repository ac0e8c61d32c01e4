using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The text form of a <see cref="SearchResult"/>.</summary>
internal static class SearchResultTable
{
    private const int MostTrials = 12;

    public static string Render(SearchResult result)
    {
        var text = new StringBuilder();
        string steps = string.Join(", ", result.RungSteps);
        int seeds = result.Trials[0].Runs.Count;
        text.Append(FormattableString.Invariant($"Search of {result.Trainer} by {result.Selection}: {result.Trials.Count} trials, "))
            .AppendLine(FormattableString.Invariant($"{seeds} {(seeds == 1 ? "seed" : "seeds")} each, compared after {steps} steps."))
            .AppendLine(result.Verdict).AppendLine();
        AppendTrials(text, result);
        text.AppendLine();
        AppendGroups(text, result);
        foreach (string warning in result.Warnings) text.AppendLine().Append("Warning: ").AppendLine(warning);
        return text.ToString();
    }

    private static void AppendTrials(StringBuilder text, SearchResult result)
    {
        SearchTrial[] ranked = [.. result.Trials.OrderByDescending(trial => trial.Steps).ThenByDescending(trial => trial.Score)];
        SearchTrial[] shown = [.. ranked.Where((trial, i) => i < MostTrials || trial == result.BestPlain || trial == result.BestOther)];
        string[] options = [.. shown.SelectMany(trial => trial.Settings.Keys).Distinct()];
        List<string[]> rows = [["Trial", "Score", "Steps", .. options.Select(option => option.Split('.')[^1]), ""]];
        foreach (SearchTrial trial in shown)
        {
            IEnumerable<string> values = options.Select(option => trial.Settings.GetValueOrDefault(option)?.Trim('"') ?? "–");
            rows.Add([
                TextTable.Plain(trial.Number), TextTable.Ratio(trial.Score), TextTable.Plain(trial.Steps), .. values,
                Remark(result, trial)]);
        }

        TextTable.Append(text, rows, left: [0, ^1]);
        if (ranked.Length > shown.Length) text.AppendLine(FormattableString.Invariant($"… and {ranked.Length - shown.Length} more"));
    }

    private static string Remark(SearchResult result, SearchTrial trial)
    {
        List<string> remarks = [];
        if (trial == result.Best) remarks.Add("chosen");
        if (trial.IsPlain) remarks.Add("plain");
        string lost = FormattableString.Invariant($"{trial.Runs.Count(run => run.Fault is not null)} of {trial.Runs.Count}");
        if (trial.State == TrialState.Diverged) remarks.Add($"{lost} diverged");
        if (trial.State == TrialState.Failed) remarks.Add($"{lost} failed");
        return string.Join(", ", remarks);
    }

    private static void AppendGroups(StringBuilder text, SearchResult result)
    {
        string conflicting = result.ConflictingRows is { } rows
            ? FormattableString.Invariant($", {rows} of them where the shortcut misleads")
            : "; where a shortcut misleads is not known without GroupColumnName in training and validation rows";
        text.AppendLine(FormattableString.Invariant($"{result.ValidationRows} validation rows{conflicting}."));
        List<string[]> table = [["Group", "Training", "Validation", "Plain", "Other", ""]];
        foreach (SearchGroup group in result.Groups)
        {
            table.Add([
                group.Name, group.TrainingRows is { } training ? TextTable.Whole(training) : "–", TextTable.Whole(group.ValidationRows),
                TextTable.Ratio(group.PlainAccuracy), TextTable.Ratio(group.OtherAccuracy), group.IsConflicting ? "conflicting" : ""]);
        }

        TextTable.Append(text, table, left: [0, ^1]);
    }
}
