namespace Studies;

/// <summary>A name of the command line and what it stands for.</summary>
/// <param name="Name">The name.</param>
/// <param name="Question">What is asked, in one line.</param>
/// <param name="Folders">The folders of data that it reads; none where it generates its own.</param>
/// <param name="Options">The options that it takes of those that not every study does.</param>
/// <param name="Create">Makes the studies.</param>
/// <param name="Documented">The options of each run that docs/results-short.md reports, and <c>all</c> makes.</param>
internal sealed record StudyEntry(
    string Name, string Question, IReadOnlyList<string> Folders, IReadOnlyList<string> Options,
    Func<StudyOptions, IEnumerable<Study>> Create,
    params IReadOnlyList<string> Documented)
{
    /// <summary>Those of its folders that the data folder lacks.</summary>
    public IReadOnlyList<string> Missing(StudyOptions options) => [.. Folders.Where(folder => !options.HasFolder(folder))];
}
