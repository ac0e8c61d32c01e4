namespace MLSieve.Speed;

/// <summary>One way to do a piece of work.</summary>
/// <param name="Name">What it is called in a table.</param>
/// <param name="Seconds">Does the work once, and tells what it cost.</param>
internal sealed record Way(string Name, Func<double> Seconds)
{
    /// <summary>Work that a clock of this process measures.</summary>
    public static Way By(Clock clock, string name, Action work) => new(name, () => clock.Time(work));
}
