namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Cuts n rows into batches. Every row is used in every epoch; a last batch of a single row joins the one before it, because batch norm
/// cannot normalise one row.
/// </summary>
internal sealed class BatchPlan(int rows, int batchSize)
{
    /// <summary>Batches in an epoch.</summary>
    public int Count { get; } = Math.Max(1, rows / batchSize + (rows % batchSize > 1 ? 1 : 0));

    /// <summary>Batches in some epochs.</summary>
    public long StepsOf(int epochs) => (long)epochs * Count;

    /// <summary>The rows of a batch.</summary>
    public Range this[int batch] => batch == Count - 1 ? (batch * batchSize)..rows : (batch * batchSize)..((batch + 1) * batchSize);
}
