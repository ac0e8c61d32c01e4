namespace Studies;

/// <summary>A method that lacks figures for a seed of its study, so that it is compared with nothing.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Setting">The setting of its final runs; empty where it has one only, or none was run.</param>
/// <param name="Figures">How many final runs have figures.</param>
/// <param name="Diverged">How many diverged.</param>
internal sealed record LeftOutMethod(string Name, string Setting, int Figures, int Diverged)
{
    /// <summary>That it diverged, as the verdict of a table.</summary>
    public string Verdict => FormattableString.Invariant($"diverged on {Diverged} {(Diverged == 1 ? "seed" : "seeds")}");
}
