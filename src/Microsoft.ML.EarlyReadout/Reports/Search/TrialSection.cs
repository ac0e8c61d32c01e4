using System.Text.RegularExpressions;

namespace Microsoft.ML.EarlyReadout;

/// <summary>All trials as a table.</summary>
internal static partial class TrialSection
{
    private const int MostShown = 12;

    public static Markup Write(ReportedSearch search)
    {
        SearchResult result = search.Result;
        SearchTrial[] first = [.. search.Ranked.Where((trial, i) => i < MostShown || search.Finalists.Contains(trial))];
        bool isAll = first.Length == result.Trials.Count;
        Markup all = isAll ? Markup.Empty : Markup.Of($"""
            <details><summary>All {result.Trials.Count} trials, by number</summary>
            {Trials(search, "All trials by number", result.Trials)}</details>

            """);
        return Markup.Of($"""
            <section aria-labelledby="trials"><h2 id="trials">The trials</h2>
            <p>Those that came furthest first, and the best first among them. Figures are the {search.Figure} in % at the best validation
            so far: the mean of the seeds at each comparison, then each seed where the trial ended. A seed that diverged or failed
            counts 0.</p>
            {Trials(search, isAll ? "All trials" : FormattableString.Invariant($"{first.Length} of {result.Trials.Count} trials"), first)}
            {all}
            {Faults(search)}
            </section>

            """);
    }

    private static Markup Trials(ReportedSearch search, string caption, IReadOnlyList<SearchTrial> trials) => Table.Of(
        caption,
        [
            new Markup("Trial"), new Markup("State"), .. search.Options.Select(Breakable),
            .. search.Result.RungSteps.Select(steps => Markup.Of($"After {steps} steps")), new Markup("By seed"),
        ],
        trials.Select(trial => (IReadOnlyList<Markup>)
        [
            Markup.Of($"{trial.Number}"),
            Markup.Of($"<span class=\"state\">{search.StateOf(trial)}</span>"),
            .. search.Options.Select(option => Table.Cell(ReportedSearch.Setting(trial, option) ?? "–")),
            .. search.Result.RungSteps.Select((_, rung) =>
                rung < trial.RungScores.Count ? Figure(trial.RungScores[rung]) : new Markup("–")),
            Markup.Of($"<span class=\"range\">{string.Join(", ", trial.Runs.Select(run => Figure(run.Score).Value))}</span>"),
        ]));

    private static Markup Figure(double share) => Markup.Of($"{100 * share:F2}");

    // Long names of options may be broken where a word begins.
    private static Markup Breakable(string option) =>
        Markup.Join(WordStart().Split(option).Select((word, i) => i == 0 ? Table.Cell(word) : Markup.Of($"<wbr>{word}")));

    [GeneratedRegex("(?<=[a-z.])(?=[A-Z])")]
    private static partial Regex WordStart();

    private static Markup Faults(ReportedSearch search)
    {
        Markup[] faults =
        [
            .. from trial in search.Result.Trials
               from run in trial.Runs.Concat(trial.Confirmation)
               where run.Fault is not null
               select Markup.Of($"<li>{search.NameOf(trial)}, seed {run.Seed}: {run.Fault}</li>\n"),
        ];
        return faults.Length == 0 ? Markup.Empty : Markup.Of($"""
            <details><summary>Why {faults.Length} {(faults.Length == 1 ? "run" : "runs")} diverged or failed</summary>
            <ul>{faults}</ul></details>

            """);
    }
}
