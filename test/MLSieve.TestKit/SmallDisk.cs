using System.Diagnostics;
using Xunit;

namespace MLSieve.Tests;

/// <summary>
/// A file system of a few kilobytes, which is soon full. It is mounted in memory, and gone when disposed; where the system lets no one
/// mount, the test is skipped.
/// </summary>
public sealed class SmallDisk : IDisposable
{
    /// <summary>Mounts it.</summary>
    /// <param name="kibibytes">Its size.</param>
    /// <param name="folder">Where: an empty folder, which goes with it; <see langword="null"/>: a temporary one.</param>
    public SmallDisk(int kibibytes, string? folder = null)
    {
        Folder = folder ?? Directory.CreateTempSubdirectory("small-disk-").FullName;
        int code = Run("mount", "-t", "tmpfs", "-o", FormattableString.Invariant($"size={kibibytes}k"), "tmpfs", Folder);
        if (code == 0) return;
        Directory.Delete(Folder);
        Assert.Skip($"A small file system cannot be mounted here (mount ended with {code}).");
    }

    /// <summary>Its root.</summary>
    public string Folder { get; }

    /// <summary>Lets it be read only, as a disk is after errors. No file of it may be open for writing.</summary>
    public void MakeReadOnly() => Assert.Equal(0, Run("mount", "-o", "remount,ro", Folder));

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Run("umount", "--lazy", Folder);
        Directory.Delete(Folder);
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1; // no such program
        }
    }
}
