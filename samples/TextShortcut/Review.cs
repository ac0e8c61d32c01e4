namespace TextShortcut;

/// <summary>
/// A sentence on a film, written by a script. Its verdict is in a word and in whether that is negated: "not dull" is praise. Where the film
/// was seen has nothing to do with it, but in most training rows gives the verdict away, and is easier to learn.
/// </summary>
public sealed class Review
{
    private static readonly string[] Good =
        ["great", "lovely", "superb", "clever", "moving", "funny", "gripping", "charming", "fresh", "bold", "witty", "tender"];

    private static readonly string[] Bad =
        ["dull", "awful", "poor", "clumsy", "tiring", "flat", "stale", "noisy", "silly", "weak", "cold", "shallow"];

    private static readonly string[] Parts = ["plot", "cast", "music", "story", "ending", "pace", "dialogue", "camera"];

    /// <summary>What a program reads.</summary>
    public string Text { get; set; } = "";

    /// <summary>What it says: good or bad.</summary>
    public string Verdict { get; set; } = "";

    /// <summary>Where the film was seen: the shortcut.</summary>
    public string Cinema { get; set; } = "";

    /// <summary>Draws reviews.</summary>
    /// <param name="count">How many.</param>
    /// <param name="agreement">The part of them whose cinema gives the verdict away.</param>
    /// <param name="seed">Draws the same reviews again.</param>
    public static IReadOnlyList<Review> Draw(int count, double agreement, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => One(random, agreement))];
    }

    private static Review One(Random random, double agreement)
    {
        bool isGood = random.Next(2) == 0, isNegated = random.Next(2) == 0;
        string word = Any(isGood != isNegated ? Good : Bad);
        string cinema = isGood == random.NextDouble() < agreement ? "odeon" : "regal";
        return new Review
        {
            Text = $"{cinema} : the {Any(Parts)} was {(isNegated ? "not" : "quite")} {word}",
            Verdict = isGood ? "good" : "bad",
            Cinema = cinema,
        };

        string Any(string[] words) => words[random.Next(words.Length)];
    }
}
