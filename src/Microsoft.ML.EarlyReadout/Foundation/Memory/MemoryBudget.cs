namespace Microsoft.ML.EarlyReadout;

/// <summary>How many bytes of packed rows a fit keeps in memory, all the sets that it reads together, and where the others go.</summary>
/// <param name="bytes">The bytes.</param>
/// <param name="temporaryFolder">The folder for files of rows.</param>
/// <param name="log">Receives the line that tells of the first file.</param>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class MemoryBudget(long bytes, string temporaryFolder, Action<string> log)
{
    /// <summary>The option that sets it.</summary>
    public const string Option = "MemoryBudgetMebibytes";

    private const int Mebibyte = 1 << 20;
    private const int Part = 4; // libtorch, its batches and the caller's own data need the most

    private long _taken;
    private bool _hasFile;

    /// <summary>The budget that the options give.</summary>
    /// <param name="mebibytes">The option; <see langword="null"/>: a quarter of what the process may still use.</param>
    /// <param name="temporaryFolder">The folder for files of rows.</param>
    /// <param name="log">Receives what was chosen.</param>
    public static MemoryBudget Of(int? mebibytes, string temporaryFolder, Action<string> log)
    {
        if (mebibytes is { } given)
            return new((long)given * Mebibyte, temporaryFolder, log);
        long bytes = Math.Max(Mebibyte, Usable() / Part);
        log($"The training rows may take {Mebibytes(bytes)} of memory, a quarter of what this process may still use; "
            + $"{Option} sets another limit.");
        return new(bytes, temporaryFolder, log);
    }

    /// <summary>The advice for a process that has run out of managed memory.</summary>
    public string Advice =>
        $"This process may use {Mebibytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)} of managed memory "
        + $"(the machine, its container or DOTNET_GCHeapHardLimit says so), and {Option} "
        + $"lets the training rows take {Mebibytes(bytes)}. Set it to less: rows above it go to a temporary file.";

    /// <summary>Takes bytes, where so many are left.</summary>
    public bool TryTake(long wanted)
    {
        if (Interlocked.Add(ref _taken, wanted) <= bytes)
            return true;
        GiveBack(wanted);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void GiveBack(long taken) => Interlocked.Add(ref _taken, -taken);

    /// <summary>Makes a file for what does not fit.</summary>
    /// <exception cref="IOException">The temporary folder cannot be written.</exception>
    public FileBytes CreateFile()
    {
        var file = new FileBytes(temporaryFolder);
        if (!Interlocked.Exchange(ref _hasFile, true))
        {
            log($"The training rows exceed the memory budget of {Mebibytes(bytes)}: "
                + $"they go to a temporary file in '{temporaryFolder}', removed when they are needed no more.");
        }
        return file;
    }

    /// <summary>The bytes that the process may still use: what its managed heap may grow by, and no more than what is free.</summary>
    public static long Usable() => Math.Min(
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - GC.GetTotalMemory(forceFullCollection: false), FreeMemory.Bytes());

    private static string Mebibytes(long bytes) => FormattableString.Invariant($"{bytes / (double)Mebibyte:0.#} MiB");
}
