namespace Studies;

/// <summary>Where a method mends what plain training gets wrong about pairs, and where it breaks what was right.</summary>
internal sealed class FlipCases
{
    private readonly (PairAnswer Plain, PairAnswer Other)[] _pairs;

    /// <summary>Compares two models' answers to the same pairs.</summary>
    public FlipCases(IReadOnlyList<PairAnswer> plain, IReadOnlyList<PairAnswer> other) => _pairs = [.. plain.Zip(other)];

    /// <summary>How many pairs plain training and the other method have so many rows of right.</summary>
    public int Count(int plain, int other) => _pairs.Count(pair => (pair.Plain.Right, pair.Other.Right) == (plain, other));

    /// <summary>
    /// Of the pairs of which plain training has one row right and the other method both, the one whose gap shrinks most.
    /// </summary>
    public PairAnswer? Best => Most(1, 2, pair => pair.Plain.Gap - pair.Other.Gap);

    /// <summary>Of those of which plain training has both right and the other method one, the one whose gap grows most.</summary>
    public PairAnswer? Worst => Most(2, 1, pair => pair.Other.Gap - pair.Plain.Gap);

    private PairAnswer? Most(int plain, int other, Func<(PairAnswer Plain, PairAnswer Other), double> by) =>
        _pairs.Where(pair => (pair.Plain.Right, pair.Other.Right) == (plain, other))
            .OrderByDescending(by)
            .Select(pair => pair.Plain)
            .FirstOrDefault();
}
