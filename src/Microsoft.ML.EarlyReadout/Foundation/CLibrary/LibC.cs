using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The few calls into the C library that .NET does not offer.</summary>
internal static partial class LibC
{
    /// <summary>
    /// Sets a variable that native code sees; Environment.SetEnvironmentVariable changes .NET's copy alone. A value that is there stays.
    /// </summary>
    public static void SetEnvironmentDefault(string name, string value) => _ = setenv(name, value, 0);

    /// <summary>The value of a variable as native code sees it, or null.</summary>
    public static string? GetEnvironmentVariable(string name) => Marshal.PtrToStringUTF8(getenv(name));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial IntPtr getenv(string name);
}
