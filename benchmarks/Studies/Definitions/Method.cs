namespace Studies;

/// <summary>A way to train, with the settings among which validation rows choose.</summary>
/// <param name="Name">The name under which it is recorded.</param>
/// <param name="Candidates">The settings; where there is one, nothing is chosen.</param>
internal sealed record Method(string Name, params IReadOnlyList<Candidate> Candidates)
{
    /// <summary>The settings as a search finds them, in place of candidates; <see langword="null"/>: there are candidates.</summary>
    public SearchedSettings? Settings { get; init; }

    /// <summary>The method at one of its settings.</summary>
    public Candidate At(string setting) =>
        Settings?.At(setting) ?? Candidates.Single(candidate => candidate.Setting == setting);
}
