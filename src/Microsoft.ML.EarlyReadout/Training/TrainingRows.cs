namespace Microsoft.ML.EarlyReadout;

/// <summary>Some rows of a packed set: those to train on, or those to validate on.</summary>
/// <param name="Set">The packed rows.</param>
/// <param name="Rows">Which of them.</param>
internal sealed record TrainingRows(TrainingSet Set, long[] Rows)
{
    /// <summary>All rows of a set.</summary>
    public static TrainingRows AllOf(TrainingSet set) => new(set, [.. Enumerable.Range(0, checked((int)set.Count)).Select(row => (long)row)]);
}
