using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.EarlyReadout;

/// <content>Files: what is read soon, what is in memory alone, and what is no file.</content>
internal static partial class LibC
{
    private const int WillNeed = 3; // POSIX_FADV_WILLNEED
    private const long ReadAhead = 128 << 10; // what the system fetches at one call at most
    private const uint CloseOnExec = 1; // MFD_CLOEXEC
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint StatusType = 1; // STATX_TYPE
    private const int StatusBytes = 256, ModeByte = 28; // of struct statx
    private const int TypeBits = 0xF000, RegularFile = 0x8000, Folder = 0x4000; // S_IFMT, S_IFREG, S_IFDIR

    /// <summary>Says that a part of a file is read soon: the system starts to fetch it and does not wait.</summary>
    public static void Expect(SafeFileHandle file, long start, long length)
    {
        for (long end = start + length; start < end; start += ReadAhead)
            _ = posix_fadvise(file, start, Math.Min(ReadAhead, end - start), WillNeed);
    }

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

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long start, long length, int advice);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* status);
}
