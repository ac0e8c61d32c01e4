namespace Microsoft.ML.EarlyReadout;

/// <summary>The mistakes of two models on the same rows, each kind with the most confident ones first.</summary>
/// <param name="Fixed">The first is wrong, the second right.</param>
/// <param name="Remaining">Both are wrong.</param>
/// <param name="Introduced">The first is right, the second wrong.</param>
internal sealed record Mistakes(
    IReadOnlyList<MistakenRow> Fixed, IReadOnlyList<MistakenRow> Remaining, IReadOnlyList<MistakenRow> Introduced)
{
    /// <exception cref="InvalidOperationException">The models did not score the same rows.</exception>
    public static Mistakes Of(ScoredModel first, ScoredModel second)
    {
        if (first.Rows.Count != second.Rows.Count
            || first.Rows.Zip(second.Rows).Any(pair => pair.First.Index != pair.Second.Index || pair.First.Label != pair.Second.Label))
            throw new InvalidOperationException(
                $"'{first.Name}' and '{second.Name}' did not score the same rows in the same order. Their pipelines must keep all rows, "
                    + "and the view must give them in one order.");
        MistakenRow[] rows = [.. first.Rows.Zip(second.Rows, (a, b) => new MistakenRow(a, b))];
        return new Mistakes(
            Confident(rows.Where(row => !row.First.IsRight && row.Second.IsRight), row => row.First.Margin),
            Confident(rows.Where(row => !row.First.IsRight && !row.Second.IsRight), row => row.First.Margin),
            Confident(rows.Where(row => row.First.IsRight && !row.Second.IsRight), row => row.Second.Margin));
    }

    private static MistakenRow[] Confident(IEnumerable<MistakenRow> rows, Func<MistakenRow, float> margin) =>
        [.. rows.OrderByDescending(margin).ThenBy(row => row.First.Index)];
}

/// <summary>One row under two models.</summary>
internal sealed record MistakenRow(ScoredRow First, ScoredRow Second);
