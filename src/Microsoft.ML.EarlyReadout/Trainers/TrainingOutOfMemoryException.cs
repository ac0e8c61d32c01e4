using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Training asked for more memory than there is, on the CPU or the GPU. What the fit had allocated has been given back; a network that was
/// trained before is in
/// <see cref="LastGoodModel"/>.
/// </summary>
public sealed class TrainingOutOfMemoryException : OutOfMemoryException
{
    /// <summary>Creates the exception.</summary>
    public TrainingOutOfMemoryException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public TrainingOutOfMemoryException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public TrainingOutOfMemoryException(string message, Exception innerException) : base(message, innerException) { }

    internal TrainingOutOfMemoryException(
        string device, TrainerOptions options, int ranks, FeatureShape shape, long? requested, BatchMemory? memory, Exception cause)
        : base(string.Create(
            CultureInfo.InvariantCulture, $"Out of memory while training on {device} with batches of {RowsOf(options, ranks)} rows")
            + (ranks > 1 ? FormattableString.Invariant($" in each of {ranks} ranks") : "")
            + (requested is { } bytes ? $": {Size(bytes)} more could not be allocated. " : ". ") + Advice(options, ranks, shape, memory)
            + " Smaller images, a smaller network and Precision.BFloat16 need less, too.", cause)
    {
        BatchSize = RowsOf(options, ranks);
        LargestBatchSize = Fitting(BatchSize, memory);
    }

    /// <summary>Rows in a batch, or in the part of it that passes the network at once in this process, when memory ran out. 0: it was not a
    /// batch that had no room.</summary>
    public int BatchSize { get; }

    /// <summary>
    /// An estimate of the most rows that would fit in its place: a power of two, below <see cref="BatchSize"/>. 0: not even one row would,
    /// or nothing is known.
    /// </summary>
    /// <remarks>It comes from the memory that was free after the failure, and from what the network's layers put out for one row.</remarks>
    public int LargestBatchSize { get; }

    /// <summary>
    /// The model as it was at the last point of its <see cref="TrainingHistory"/>, by default the end of an epoch, or, with validation
    /// rows, at the best; <see langword="null"/> where memory ran out before the first. Dispose it when it is no longer needed.
    /// </summary>
    public EarlyReadoutTransformer? LastGoodModel { get; internal set; }

    /// <summary>The passes over the training rows that <see cref="LastGoodModel"/> has had, a whole number unless <see
    /// cref="TrainerOptions.ValidateEverySteps"/> is given; 0 where there is none.</summary>
    public double LastGoodEpoch { get; internal set; }

    /// <summary>That of a fit to which .NET gives no more memory.</summary>
    /// <param name="budget">What the fit may take.</param>
    /// <param name="cause">The cause.</param>
    internal static TrainingOutOfMemoryException OfManagedMemory(MemoryBudget budget, Exception cause) =>
        new("The fit has run out of managed memory. " + budget.Advice, cause);

    private static int Fitting(int batchSize, BatchMemory? memory)
    {
        long rows = memory is null ? 0 : Math.Min(memory.Rows, batchSize - 1);
        return rows < 1 ? 0 : 1 << (int)long.Log2(rows);
    }

    // of ranks each has a part of the batch
    private static int RowsOf(TrainerOptions options, int ranks) =>
        Math.Min(options.RowsAtOnce, (options.BatchSize + ranks - 1) / ranks);

    private static string Advice(TrainerOptions options, int ranks, FeatureShape shape, BatchMemory? memory)
    {
        if (memory is null) // the one row by which a network is measured had no room
        {
            return shape is TokenShape tokens
                ? FormattableString.Invariant($"Not even one row of {tokens.Length} tokens fits: set Network.MaxTokens to less ")
                    + "(the log counts texts that are cut)."
                : "Not even one row fits.";
        }

        string option = options.MicroBatchSize is null ? nameof(options.BatchSize) : nameof(options.MicroBatchSize);
        string known = $"{Size(memory.FreeBytes)} is free, and a row takes some {Size(memory.PerRow)} in this network";
        return Fitting(RowsOf(options, ranks), memory) is > 0 and int rows
            ? FormattableString.Invariant($"{known}, so about {rows} rows would fit: set {option} to ")
                + FormattableString.Invariant($"{(options.MicroBatchSize is null ? rows * ranks : rows)}.")
            : $"{known}: not even one row would fit.";
    }

    private static string Size(long bytes) => bytes >= 1L << 30
        ? FormattableString.Invariant($"{bytes / (double)(1L << 30):F1} GiB")
        : FormattableString.Invariant($"{bytes / (double)(1L << 20):F1} MiB");
}
