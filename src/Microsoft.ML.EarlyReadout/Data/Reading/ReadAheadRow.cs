namespace Microsoft.ML.EarlyReadout;

/// <summary>A row that a <see cref="ReadAheadWorker"/> has read, or what ended its reading.</summary>
internal struct ReadAheadRow
{
    /// <summary>Where its values are kept.</summary>
    public int Slot;

    /// <summary>The batch of the worker's cursor.</summary>
    public long Batch;

    /// <summary>Bytes of its images and vectors.</summary>
    public long Bytes;

    /// <summary>What failed in moving to a next row; then there is no row.</summary>
    public Exception? EndedBy;
}
