namespace Microsoft.ML.EarlyReadout;

/// <summary>How much memory there is for a batch, and how much of it a row takes.</summary>
/// <param name="FreeBytes">Bytes that are free.</param>
/// <param name="PerRow">Bytes that training takes for one row.</param>
internal sealed record BatchMemory(long FreeBytes, long PerRow)
{
    /// <summary>Rows that fit.</summary>
    public long Rows => FreeBytes / Math.Max(PerRow, 1);

    /// <summary>What is free now.</summary>
    /// <param name="perRow">Bytes that training takes for one row.</param>
    /// <param name="freeOnDevice">What is known to be free on a GPU; <see langword="null"/>: the CPU's memory is looked up.</param>
    public static BatchMemory Now(long perRow, long? freeOnDevice) => new(freeOnDevice ?? FreeOnCpu(), perRow);

    private static long FreeOnCpu()
    {
        GC.Collect(); // what nobody needs any more is room, too
        return FreeMemory.Bytes();
    }
}
