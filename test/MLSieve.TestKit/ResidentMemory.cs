using System.Runtime.InteropServices;

namespace MLSieve.Tests;

/// <summary>The memory that the process holds: managed and native.</summary>
public static partial class ResidentMemory
{
    /// <summary>
    /// Mebibytes that are resident once garbage is collected, finalizers have run and the allocator has given back what is free.
    /// </summary>
    /// <remarks>
    /// glibc keeps freed memory that lies below a block in use: where the addresses run short, a tensor of 300 MiB may have been taken from
    /// the heap instead of a mapping of its own, and would count as held for ever.
    /// </remarks>
    public static double Settled()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        if (NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc_trim", out _)) _ = malloc_trim(0);
        return Now();
    }

    /// <summary>Mebibytes that are resident now.</summary>
    public static double Now() => Environment.WorkingSet / 1024.0 / 1024.0;

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);
}
