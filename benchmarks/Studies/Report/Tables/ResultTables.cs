using System.Text;

namespace Studies;

/// <summary>Everything that <c>run</c> has kept in a folder, as Markdown.</summary>
internal static class ResultTables
{
    private const string Words = """
        Accuracies in percent, mean ± sample standard deviation over seeds. *Measured* figures are ours; *quoted* ones were
        published by others, on other networks and budgets, and are not measured here.


        """;

    /// <summary>The text.</summary>
    /// <param name="records">The final runs.</param>
    /// <param name="runs">All runs, those of searches too.</param>
    /// <exception cref="InvalidOperationException">There are no final runs.</exception>
    public static string Of(IReadOnlyList<Record> records, IReadOnlyCollection<RunResult> runs)
    {
        if (records.Count == 0)
            throw new InvalidOperationException("No results to make tables of: run a study first, with the same --out.");
        IReadOnlyList<ConditionRecords> studies = ConditionRecords.Of(records);
        var text = new StringBuilder()
            .Append(Words)
            .Append("## Distillation\n\n").Append(DistillationTable.Of(studies)).Append('\n');
        foreach (ConditionRecords study in studies) Append(text, study, runs);
        return text.ToString();
    }

    private static void Append(StringBuilder text, ConditionRecords study, IReadOnlyCollection<RunResult> runs)
    {
        text.Append("## ")
            .Append(study.Study)
            .Append("\n\nConditions: ")
            .Append(study.Conditions)
            .Append(".\n\n")
            .AppendJoin('\n', study.Methods.Select(Chosen))
            .Append("\n\n")
            .Append(SeedTable.Of(study))
            .Append('\n');
        if (TriedTable.Of(study.Conditions, runs) is { } tried)
            text.Append("What the search tried (validation rows):\n\n").Append(tried).Append('\n');
        foreach (string line in Origins(study.Records)) text.Append(line).Append('\n');
        text.Append('\n');
    }

    private static string Chosen(MethodRecords method) =>
        $"- {method.Method}: "
            + (method.Setting.Length > 0 ? method.Setting : "its one setting")
            + (method.SelectedBy == "given" ? "" : $", chosen by {method.SelectedBy} on validation rows");

    private static IEnumerable<string> Origins(IReadOnlyList<Record> records)
    {
        foreach (IGrouping<string, Provenance> origin in records.Select(record => record.Made).OfType<Provenance>().GroupBy(Where))
            yield return FormattableString.Invariant(
                $"{origin.Count()} of {records.Count} runs: {origin.Key}, ")
                + FormattableString.Invariant($"{origin.Min(made => made.Time):yyyy-MM-dd} to {origin.Max(made => made.Time):yyyy-MM-dd}.");
        int unknown = records.Count(record => record.Made is null);
        if (unknown > 0) yield return $"{unknown} of {records.Count} runs were kept before machine, versions and time were.";
    }

    private static string Where(Provenance made) =>
        $"{made.Machine}; {string.Join(", ", made.Versions.Select(version => $"{version.Key} {version.Value}"))}; options: {made.Options}";
}
