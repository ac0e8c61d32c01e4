namespace Studies;

/// <summary>What a model answers to two rows of one thing with different attributes.</summary>
/// <param name="Rows">The rows' places among the test rows.</param>
/// <param name="Right">How many of the two are right: where it is one, the answer flips with the attribute.</param>
/// <param name="Gap">How far the label's score in one row is from that in the other: what the attribute does to it.</param>
internal sealed record PairAnswer((int First, int Second) Rows, int Right, double Gap)
{
    /// <summary>The answers pair by pair, in the order of the first rows; rows without a partner are left out.</summary>
    /// <param name="pairs">What each row has in common with its partner; empty where it has none.</param>
    /// <param name="labels">Each row's label, a key from 1.</param>
    /// <param name="predicted">The predicted one.</param>
    /// <param name="scores">The scores by class.</param>
    public static IReadOnlyList<PairAnswer> Of(
        IReadOnlyList<string> pairs, IReadOnlyList<uint> labels, IReadOnlyList<uint> predicted, IReadOnlyList<float[]> scores)
    {
        return
        [
            .. from row in Enumerable.Range(0, pairs.Count)
               where pairs[row].Length > 0
               group row by pairs[row] into pair
               where pair.Count() == 2
               let first = pair.First()
               let second = pair.Last()
               select new PairAnswer(
                   (first, second), pair.Count(row => predicted[row] == labels[row]), Math.Abs(Score(first) - Score(second))),
        ];

        double Score(int row) => scores[row][labels[row] - 1];
    }
}
