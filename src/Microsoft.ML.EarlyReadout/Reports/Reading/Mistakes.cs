namespace Microsoft.ML.EarlyReadout;

/// <summary>The mistakes of the first two models on the same rows, each kind with the most confident ones first.</summary>
/// <param name="Fixed">The first is wrong, the second right.</param>
/// <param name="Remaining">Both are wrong.</param>
/// <param name="Introduced">The first is right, the second wrong.</param>
internal sealed record Mistakes(
    IReadOnlyList<MistakenRow> Fixed, IReadOnlyList<MistakenRow> Remaining, IReadOnlyList<MistakenRow> Introduced)
{
    /// <param name="models">The models, at least two; others than the first two are shown beside them.</param>
    /// <exception cref="InvalidOperationException">A model did not score the rows of the first.</exception>
    public static Mistakes Of(IReadOnlyList<ScoredModel> models)
    {
        ScoredModel first = models[0];
        if (models.FirstOrDefault(model => !HaveSameRows(first, model)) is { } other)
            throw new InvalidOperationException(
                $"'{first.Name}' and '{other.Name}' did not score the same rows in the same order. Their pipelines must keep all rows, "
                    + "and the view must give them in one order.");
        MistakenRow[] rows = [.. first.Rows.Zip(models[1].Rows, (a, b) => new MistakenRow(a, b))];
        return new Mistakes(
            Confident(rows.Where(row => !row.First.IsRight && row.Second.IsRight), row => row.First.Margin),
            Confident(rows.Where(row => !row.First.IsRight && !row.Second.IsRight), row => row.First.Margin),
            Confident(rows.Where(row => row.First.IsRight && !row.Second.IsRight), row => row.Second.Margin));
    }

    private static bool HaveSameRows(ScoredModel one, ScoredModel other) =>
        one.Rows.Select(row => (row.Index, row.Label)).SequenceEqual(other.Rows.Select(row => (row.Index, row.Label)));

    private static MistakenRow[] Confident(IEnumerable<MistakenRow> rows, Func<MistakenRow, float> margin) =>
        [.. rows.OrderByDescending(margin).ThenBy(row => row.First.Index)];
}

/// <summary>One row under two models.</summary>
internal sealed record MistakenRow(ScoredRow First, ScoredRow Second);
