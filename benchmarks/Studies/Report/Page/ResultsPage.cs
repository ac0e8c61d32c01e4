namespace Studies;

/// <summary>
/// The parts of docs/results.md that are made of finished runs: tables between comments that name them, and pictures in a folder beside
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
        return $"{SummaryTable.Of(studies)}\n{StudyTables.Of(studies, _ => null)}";
    }

    /// <summary>Makes the page's generated parts and its pictures again, and leaves the rest as it is.</summary>
    /// <param name="page">The page.</param>
    /// <param name="runs">The runs.</param>
    /// <exception cref="UsageException">There is no such page, it lacks a part, or there are no runs.</exception>
    public static void Write(string page, IReadOnlyList<FinishedRun> runs)
    {
        if (!File.Exists(page)) throw new UsageException($"no page {page}.");
        if (runs.Count == 0) throw new UsageException("no runs to make a page of: give their folder by --out.");
        ILookup<bool, StudyComparison> all = StudyComparison.All(runs).ToLookup(study => study.HasVerdicts);
        StudyComparison[] studies = [.. all[true]], begun = [.. all[false]];
        Dictionary<string, string> pictures = []; // nothing is written before all of it is made
        string effects = Show(Effects, EffectPicture.Of(studies), "For each study: what each method gains or loses, with its 95 % interval")
            is { } shown ? $"\n{shown}\n" : "";
        string text = Replace(File.ReadAllText(page), "summary", $"{SummaryTable.Of(studies)}{Corrected(studies)}{effects}");
        text = Replace(text, "studies", StudyTables.Of(studies, study => Show(
            study.FileName, CoursePicture.Of(study), $"{study.Name}: how plain training and the sieve went along the steps, seed by seed"))
            + Begun(begun));
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(page))!, Pictures)).FullName;
        foreach ((string name, string picture) in pictures) File.WriteAllText(Path.Combine(folder, name), picture);
        File.WriteAllText(page, text);
        foreach (string old in Directory.EnumerateFiles(folder, "*.svg").Where(file => !pictures.ContainsKey(Path.GetFileName(file))))
            File.Delete(old);

        string? Show(string name, string? picture, string inWords)
        {
            if (picture is null) return null;
            pictures[name + ".svg"] = picture;
            return $"![{inWords}]({Pictures}/{name}.svg)";
        }
    }

    private static string Corrected(StudyComparison[] studies) =>
        HolmCorrection.Of(studies) is { Length: > 0 } remaining ? $"\n{remaining}\n" : "";

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
