using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Turns the teacher's column into logits in the order of the label's classes.</summary>
/// <param name="Column">The column's name.</param>
/// <param name="Order">For each class of the label, its place in the column; <see langword="null"/> where they are the same.</param>
/// <param name="AreProbabilities">Whether the column holds probabilities.</param>
internal sealed record TeacherScores(string Column, long[]? Order, bool AreProbabilities)
{
    private const float Tolerance = 1e-3f;
    // the smallest that float32 holds exactly: any larger floor would bend the logits of a sure teacher
    private const double SmallestProbability = 1.2e-38;

    /// <summary>Finds out what the column holds.</summary>
    /// <param name="column">The score column.</param>
    /// <param name="source">Where it is from, for messages.</param>
    /// <param name="set">The rows read from it.</param>
    /// <param name="kind">What the user says that it holds.</param>
    /// <param name="log">Receives what was found.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column's classes are not the label's.</exception>
    /// <exception cref="ArgumentException">The numbers are not what the user says.</exception>
    public static TeacherScores Read(
        DataViewSchema.Column column, string source, TrainingSet set, TeacherScoreKind kind, Action<string> log)
    {
        bool look = AreDistributions(set.Columns[column.Name].Rows);
        if (kind == TeacherScoreKind.Probabilities && !look)
        {
            throw new ArgumentException($"Teacher.ScoreKind is Probabilities, but rows of {source} are negative or do not sum to 1. "
                + "Choose Logits or Automatic.");
        }

        if (kind == TeacherScoreKind.Logits && look)
        {
            throw new ArgumentException($"Teacher.ScoreKind is Logits, but every row of {source} is at least 0 and sums to 1, as "
                + "probabilities do. Choose Probabilities or Automatic.");
        }

        long[]? order = OrderOf(column, source, set);
        string classes = order is null ? "in the label's order" : "matched to the label's by their names";
        log($"Teacher: {source} is taken for {(look ? "probabilities" : "logits")}, its classes {classes}.");
        return new TeacherScores(column.Name, order, look);
    }

    /// <summary>The teacher's logits for a batch, (B, C).</summary>
    public Tensor Logits(Batch batch)
    {
        Tensor scores = batch.Column(Column);
        if (Order is not null) scores = scores.index_select(1, DeviceCopy.Send(Order, scores.device));
        return AreProbabilities ? scores.clamp_min(Scalars.Of(SmallestProbability)).log() : scores;
    }

    /// <summary>The places in a batch of the rows none of whose probabilities is below what float32 holds, (N): it would have lost its
    /// logit.</summary>
    public Tensor Known(Batch batch) => batch.Column(Column).amin([1]).ge(Scalars.Of(SmallestProbability)).nonzero().squeeze(1);

    private static bool AreDistributions(PackedRows scores)
    {
        bool all = true;
        scores.ForEach(row => all = all && IsDistribution(row));
        return all;
    }

    private static bool IsDistribution(ReadOnlySpan<float> scores)
    {
        float sum = 0;
        foreach (float score in scores)
        {
            if (score < -Tolerance) return false;
            sum += score;
        }
        return Math.Abs(sum - 1) <= Tolerance * Math.Max(1, scores.Length / 10f);
    }

    private static long[]? OrderOf(DataViewSchema.Column column, string source, TrainingSet set)
    {
        // ML.NET names the slots of text labels; the values of others it annotates apart.
        string[]? slots = ColumnAnnotation.Names(column, ColumnAnnotation.SlotNames)
            ?? ColumnAnnotation.Names(column, ColumnAnnotation.TrainingLabelValues);
        if (slots is null || !set.HasClassNames) return null;
        if (slots.SequenceEqual(set.ClassNames)) return null;
        if (slots.Except(set.ClassNames).FirstOrDefault() is { } unknown)
        {
            throw ColumnFinder.Mismatch($"The teacher's {source} scores a class '{unknown}', which the label column does not have; "
                + $"its classes are {Quoted(set.ClassNames)}.");
        }

        if (set.ClassNames.Except(slots).FirstOrDefault() is { } lacking)
        {
            throw ColumnFinder.Mismatch($"The teacher's {source} has no score for the class '{lacking}' of the label column; "
                + $"it has {Quoted(slots)}.");
        }

        return [.. set.ClassNames.Select(name => (long)Array.IndexOf(slots, name))];
    }

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Take(10).Select(name => $"'{name}'"));
}
