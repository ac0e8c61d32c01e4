namespace MLSieve.Speed;

/// <summary>
/// Ways to do the same work, which take turns: A B C, A B C, … What the machine does besides then falls on all of them alike. A ratio is
/// taken within each round, so that rounds which were disturbed count no more than others.
/// </summary>
internal sealed class Comparison
{
    private readonly Dictionary<string, double[]> _seconds = [];

    /// <summary>Runs each way once to warm up, and then so many rounds.</summary>
    public Comparison(int rounds, params IReadOnlyList<Way> ways)
    {
        foreach (Way way in ways)
        {
            way.Seconds();
            _seconds[way.Name] = new double[rounds];
        }

        for (int round = 0; round < rounds; round++)
            foreach (Way way in ways) _seconds[way.Name][round] = way.Seconds();
    }

    /// <summary>The median seconds of a way.</summary>
    public double Seconds(string way) => Spread.Of(_seconds[way]).Median;

    /// <summary>The seconds of one way over those of another.</summary>
    public Spread Ratio(string way, string over) => Spread.Of(_seconds[way].Zip(_seconds[over], (one, other) => one / other));
}
