namespace Studies;

/// <summary>A name of the command line and what it stands for.</summary>
/// <param name="Name">The name.</param>
/// <param name="Question">What is asked, in one line.</param>
/// <param name="Folders">The folders of data that it reads; none where it generates its own.</param>
/// <param name="Options">The options that it takes of those that not every study does.</param>
/// <param name="Create">Makes the studies.</param>
/// <param name="Refusals">Why it does not take an option, where that is worth telling.</param>
internal sealed record StudyEntry(
    string Name, string Question, IReadOnlyList<string> Folders, IReadOnlyList<string> Options,
    Func<StudyOptions, IEnumerable<MethodStudy>> Create, params IReadOnlyList<Refusal> Refusals)
{
    /// <summary>Those of its folders that the data folder lacks.</summary>
    public IReadOnlyList<string> Missing(StudyOptions options) => [.. Folders.Where(folder => !options.HasFolder(folder))];

    /// <summary>What is said of an option that it does not take.</summary>
    public string Refuse(string option)
    {
        string why = Refusals.FirstOrDefault(refusal => refusal.Option == option) is { } known ? $", since {known.Reason}" : "";
        return $"{option}: {Name} does not take it{why}; it takes {string.Join(", ", Options)}.";
    }
}

/// <summary>Why a study does not take an option.</summary>
/// <param name="Option">The option.</param>
/// <param name="Reason">The reason, a clause.</param>
internal sealed record Refusal(string Option, string Reason);
