using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <content>Address space, memory for code, and glibc's heaps.</content>
internal static partial class LibC
{
    private const int AddressSpace = 9; // RLIMIT_AS
    private const int Readable = 1, Writable = 2, Executable = 4; // PROT_READ, PROT_WRITE, PROT_EXEC
    private const int PrivateMemory = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS, of Linux
    private const IntPtr MapFailed = -1;
    private const int LargestMapThreshold = 32 << 20, DefaultTopPad = 128 << 10; // bytes
    private const int TrimThreshold = -1, TopPad = -2, MapThreshold = -3; // M_TRIM_THRESHOLD and so on, of malloc.h

    /// <summary>Bytes of address space that the process may still take (<c>ulimit -v</c>), or null where it is not limited.</summary>
    public static long? FreeAddressSpace()
    {
        if (getrlimit(AddressSpace, out ResourceLimit limit) != 0 || limit.Soft > long.MaxValue) return null;
        long pages = long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture);
        return Math.Max(0, (long)limit.Soft - (pages * Environment.SystemPageSize));
    }

    /// <summary>Memory of the process's own that holds machine code, until the process ends; 0 where the system gives none.</summary>
    public static unsafe IntPtr MapCode(ReadOnlySpan<byte> code)
    {
        IntPtr memory = mmap(0, (nuint)code.Length, Readable | Writable, PrivateMemory, -1, 0);
        if (memory == MapFailed) return 0;
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        return mprotect(memory, (nuint)code.Length, Readable | Executable) == 0 ? memory : 0;
    }

    /// <summary>Has glibc keep what is freed, but for blocks that are larger than its heaps hold, and take more than it is asked
    /// for.</summary>
    public static void KeepFreedMemory()
    {
        _ = mallopt(MapThreshold, LargestMapThreshold);
        _ = mallopt(TrimThreshold, -1); // never
        _ = mallopt(TopPad, 2 * LargestMapThreshold); // as much as one of its heaps holds, so that none of those goes
    }

    /// <summary>Has glibc give back what is freed again: with the thresholds to which it comes by itself once it has freed large
    /// blocks.</summary>
    public static void ReturnFreedMemory()
    {
        _ = mallopt(TopPad, DefaultTopPad);
        TrimMemory();
        _ = mallopt(TrimThreshold, 2 * LargestMapThreshold);
    }

    /// <summary>Gives back what is free in glibc's heaps.</summary>
    public static unsafe void TrimMemory()
    {
        // The end of a heap goes when its own thread frees a block that is not small; what lies between blocks goes by malloc_trim.
        _ = mallopt(TrimThreshold, 0);
        NativeMemory.Free(NativeMemory.Alloc(DefaultTopPad));
        _ = mallopt(TrimThreshold, -1);
        _ = malloc_trim(0);
    }

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc")]
    private static partial IntPtr mmap(IntPtr address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int mprotect(IntPtr address, nuint length, int protection);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
