using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <content>The libraries that the process has loaded.</content>
internal static partial class LibC
{
    private const int LinkMapRequest = 2; // RTLD_DI_LINKMAP

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

    [LibraryImport("libc")]
    private static partial IntPtr gnu_get_libc_version();

    [LibraryImport("libc")]
    private static partial int dlinfo(IntPtr handle, int request, out IntPtr linkMap);
}
