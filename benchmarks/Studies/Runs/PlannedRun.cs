namespace Studies;

/// <summary>One training that a study asks for. Two lines of a queue may ask for the same: it is one run, whatever line it is of.</summary>
/// <param name="Command">The line of a queue, or the command line, that it comes from.</param>
/// <param name="Study">The study, one of those that the line stands for.</param>
/// <param name="Conditions">Rows, epochs and what else all runs of the study share.</param>
/// <param name="Phase">What it is for.</param>
/// <param name="Method">The method.</param>
/// <param name="Setting">Its setting; of a search what is asked for.</param>
/// <param name="Seed">The seed of rows and training.</param>
internal sealed record PlannedRun(string Command, string Study, string Conditions, RunPhase Phase, string Method, string Setting, int Seed)
{
    /// <summary>Whether it is no training but a part in the search for a method's settings, in which any number of workers share.</summary>
    public bool IsShared { get; init; }

    private (string, string, RunPhase, string, string, int, bool) Identity => (Study, Conditions, Phase, Method, Setting, Seed, IsShared);

    /// <inheritdoc/>
    public bool Equals(PlannedRun? other) => other is not null && Identity == other.Identity;

    /// <inheritdoc/>
    public override int GetHashCode() => Identity.GetHashCode();

    /// <summary>The run and what came of it, in words, for the log.</summary>
    public string Tell(IReadOnlyList<FinishedRun> made)
    {
        if (IsShared) return $"{this}: {SearchedTrial.Choose(made) ?? "all diverged or failed"}";
        return made[0].Primary is { } primary
            ? FormattableString.Invariant($"{this}: {primary:F4} ({made[0].Seconds:F1} s)")
            : $"{this}: {made[0].Diverged}";
    }

    /// <summary>In words, for the log.</summary>
    public override string ToString()
    {
        string what = $"{Study} {Phase.ToString().ToLowerInvariant()} {Method}";
        return IsShared
            ? $"{what}, {Setting}"
            : FormattableString.Invariant($"{what}{(Setting.Length > 0 ? " " : "")}{Setting} seed {Seed}");
    }
}
