using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The few calls into the C library that .NET does not offer.</summary>
internal static partial class LibC
{
    private const int LinkMapRequest = 2; // RTLD_DI_LINKMAP
    private const int AddressSpace = 9; // RLIMIT_AS
    private const int WillNeed = 3; // POSIX_FADV_WILLNEED
    private const long ReadAhead = 128 << 10; // what the system fetches at one call at most
    private const uint CloseOnExec = 1; // MFD_CLOEXEC
    private const int Readable = 1, Writable = 2, Executable = 4; // PROT_READ, PROT_WRITE, PROT_EXEC
    private const int PrivateMemory = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS, of Linux
    private const IntPtr MapFailed = -1;
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint StatusType = 1; // STATX_TYPE
    private const int StatusBytes = 256, ModeByte = 28; // of struct statx
    private const int TypeBits = 0xF000, RegularFile = 0x8000, Folder = 0x4000; // S_IFMT, S_IFREG, S_IFDIR
    private const int LargestMapThreshold = 32 << 20, DefaultTopPad = 128 << 10; // bytes
    private const int TrimThreshold = -1, TopPad = -2, MapThreshold = -3; // M_TRIM_THRESHOLD and so on, of malloc.h

    /// <summary>
    /// Sets a variable that native code sees; Environment.SetEnvironmentVariable changes .NET's copy alone. A value that is there stays.
    /// </summary>
    public static void SetEnvironmentDefault(string name, string value) => _ = setenv(name, value, 0);

    /// <summary>The value of a variable as native code sees it, or null.</summary>
    public static string? GetEnvironmentVariable(string name) => Marshal.PtrToStringUTF8(getenv(name));

    /// <summary>The file that a loaded library came from, or null where the system does not tell.</summary>
    public static string? FileOf(IntPtr library) =>
        LinkMapOf(library) is not 0 and IntPtr map && Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(map, IntPtr.Size)) is { } path
            && File.Exists(path) ? path : null;

    /// <summary>By how much the addresses of a loaded library differ from those in its file.</summary>
    /// <exception cref="InvalidOperationException">The system does not tell: nor does <see cref="FileOf"/>.</exception>
    public static IntPtr AddressOf(IntPtr library) => LinkMapOf(library) is not 0 and IntPtr map
        ? Marshal.ReadIntPtr(map)
        : throw new InvalidOperationException("The system does not tell where a library was loaded.");

    // struct link_map { address, name, … }; 0 where the system does not tell
    private static IntPtr LinkMapOf(IntPtr library)
    {
        try
        {
            return dlinfo(library, LinkMapRequest, out IntPtr map) == 0 ? map : 0;
        }
        catch (EntryPointNotFoundException)
        {
            return 0; // glibc before 2.34 keeps dlinfo elsewhere
        }
    }

    /// <summary>The version of glibc, or null where the C library is another.</summary>
    public static string? Version()
    {
        try
        {
            return Marshal.PtrToStringUTF8(gnu_get_libc_version());
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The files of this process's libraries whose name begins so.</summary>
    public static IEnumerable<string> LoadedFiles(string name) =>
        File.ReadLines("/proc/self/maps").Select(line => line[Math.Max(0, line.IndexOf('/', StringComparison.Ordinal))..])
            .Where(path => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)).Distinct();

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

    [LibraryImport("libc")]
    private static partial IntPtr mmap(IntPtr address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int mprotect(IntPtr address, nuint length, int protection);

    /// <summary>Says that a part of a file is read soon: the system starts to fetch it and does not wait.</summary>
    public static void Expect(SafeFileHandle file, long start, long length)
    {
        for (long end = start + length; start < end; start += ReadAhead)
            _ = posix_fadvise(file, start, Math.Min(ReadAhead, end - start), WillNeed);
    }

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long start, long length, int advice);

    /// <summary>A file that is in memory alone and goes with its last handle, or null where the system has none.</summary>
    /// <param name="name">What the system's lists of files show.</param>
    public static SafeFileHandle? CreateMemoryFile(string name)
    {
        try
        {
            int descriptor = memfd_create(name, CloseOnExec);
            return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
        }
        catch (EntryPointNotFoundException)
        {
            return null; // glibc before 2.27
        }
    }

    /// <summary>Whether a path leads to something that is neither a file nor a folder: a device, a pipe or a socket.</summary>
    public static unsafe bool IsDevice(string path)
    {
        byte* status = stackalloc byte[StatusBytes];
        try
        {
            if (statx(CurrentFolder, path, 0, StatusType, status) != 0) return false;
            return (*(ushort*)(status + ModeByte) & TypeBits) is not (RegularFile or Folder);
        }
        catch (EntryPointNotFoundException)
        {
            return false; // glibc before 2.28
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* status);

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
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial IntPtr getenv(string name);

    [LibraryImport("libc")]
    private static partial IntPtr gnu_get_libc_version();

    [LibraryImport("libc")]
    private static partial int dlinfo(IntPtr handle, int request, out IntPtr linkMap);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, out ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
