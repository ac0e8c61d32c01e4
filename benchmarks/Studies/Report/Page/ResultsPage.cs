namespace Studies;

/// <summary>
/// The parts of docs/results.md that are made of a queue's runs: tables between comments that name them, and pictures in a folder beside
/// the page.
/// </summary>
internal static class ResultsPage
{
    private const string Pictures = "images/results";
    private const string Effects = "effects";
    private const string End = "<!-- end -->";

    /// <summary>The tables alone.</summary>
    public static string Tables(IReadOnlyList<FinishedRun> runs)
    {
        IReadOnlyList<StudyComparison> studies = StudyComparison.All(runs);
        return $"{SummaryTable.Of(studies)}\n{QueueTables.Of(studies, _ => null)}";
    }

    /// <summary>Makes the page's generated parts and its pictures again, and leaves the rest as it is.</summary>
    /// <param name="page">The page.</param>
    /// <param name="runs">The runs.</param>
    /// <exception cref="UsageException">There is no such page, it lacks a part, or there are no runs.</exception>
    public static void Write(string page, IReadOnlyList<FinishedRun> runs)
    {
        if (!File.Exists(page)) throw new UsageException($"no page {page}.");
        if (runs.Count == 0) throw new UsageException("no runs of a queue to make a page of: give their folder by --out.");
        ILookup<bool, StudyComparison> all = StudyComparison.All(runs).ToLookup(study => study.Gains.Count > 0);
        StudyComparison[] studies = [.. all[true]], begun = [.. all[false]];
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(page))!, Pictures)).FullName;
        foreach (string old in Directory.EnumerateFiles(folder, "*.svg")) File.Delete(old);
        string text = File.ReadAllText(page);
        string effects = Save(Effects, EffectPicture.Of(studies),
            "For each study: what each method gains or loses, with its 95 % interval");
        text = Replace(text, "summary", $"{SummaryTable.Of(studies)}\n{effects}\n");
        text = Replace(text, "studies", QueueTables.Of(studies, study => CoursePicture.Of(study) is { } drawn
            ? Save(study.FileName, drawn, $"{study.Name}: how plain training and the sieve went along the steps, seed by seed")
            : null) + Begun(begun));
        File.WriteAllText(page, text);

        string Save(string name, string picture, string inWords)
        {
            File.WriteAllText(Path.Combine(folder, name + ".svg"), picture);
            return $"![{inWords}]({Pictures}/{name}.svg)";
        }
    }

    private static string Begun(StudyComparison[] studies) => studies.Length == 0
        ? ""
        : $"\nBegun, with no method to compare yet: {string.Join(", ", studies.Select(study => study.Name))}.\n";

    private static string Replace(string page, string part, string text)
    {
        string begin = $"<!-- made by the command page: {part} -->";
        int from = page.IndexOf(begin, StringComparison.Ordinal), to = from < 0 ? -1 : page.IndexOf(End, from, StringComparison.Ordinal);
        if (to < 0) throw new UsageException($"the page has no part between '{begin}' and '{End}'.");
        return $"{page[..(from + begin.Length)]}\n{text}{page[to..]}";
    }
}
