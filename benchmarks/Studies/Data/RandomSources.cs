namespace Studies;

/// <summary>
/// The sources of randomness of a study: one a purpose, each set by the seed alone, so that the same seed always draws the same data.
/// </summary>
internal static class RandomSources
{
    /// <summary>Which rows are trained on and which validate.</summary>
    public const int Rows = 1;

    /// <summary>Spurious attributes of training rows.</summary>
    public const int TrainingCues = 2;

    /// <summary>Spurious attributes of validation rows.</summary>
    public const int ValidationCues = 3;

    /// <summary>Spurious attributes of test rows.</summary>
    public const int TestCues = 4;

    /// <summary>Settings that the search tries.</summary>
    public const int Settings = 5;

    /// <summary>Spurious attributes of rows that decoders are fitted to.</summary>
    public const int DecodingCues = 6;

    /// <summary>The seed of the test rows: every seed of a study is tested on the same ones.</summary>
    public const int TestSeed = 0;

    /// <summary>The source for one purpose.</summary>
    public static Random For(int seed, int purpose) => new(unchecked((seed * 7919) + purpose));

    /// <summary>The numbers 0 … count − 1 in random order.</summary>
    public static int[] Shuffled(int count, Random random)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        return order;
    }
}
