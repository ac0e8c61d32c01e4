namespace Microsoft.ML.EarlyReadout;

/// <summary>Some rows of a packed set: those to train on, or those to validate on.</summary>
/// <param name="Set">The packed rows.</param>
/// <param name="Indices">Which of them.</param>
internal sealed record TrainingRows(TrainingSet Set, long[] Indices)
{
    /// <summary>All rows of a set.</summary>
    public static TrainingRows AllOf(TrainingSet set) =>
        new(set, [.. Enumerable.Range(0, checked((int)set.Count)).Select(row => (long)row)]);

    /// <summary>The rows of each group that has some, in the order of the groups. The set must have groups.</summary>
    public long[][] ByGroup() => [.. Indices.GroupBy(row => Set.Groups![row]).OrderBy(group => group.Key).Select(group => group.ToArray())];

    /// <summary>The first class of these rows that other rows lack; <see langword="null"/> where those have all.</summary>
    /// <param name="others">The other rows, of this set or of one with the same classes.</param>
    public int? ClassLackingIn(TrainingRows others)
    {
        HashSet<int> classes = [.. others.Indices.Select(row => others.Set.Labels[row])];
        return Indices.Select(row => (int?)Set.Labels[row]).FirstOrDefault(c => !classes.Contains(c!.Value));
    }

    /// <summary>Some of these rows, spread evenly over them; all where there are no more.</summary>
    public TrainingRows Sample(int count) => Indices.Length <= count
        ? this
        : this with { Indices = [.. Enumerable.Range(0, count).Select(i => Indices[(long)i * Indices.Length / count])] };
}
