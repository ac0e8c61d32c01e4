using Microsoft.ML.EarlyReadout;
using TorchSharp;
using Xunit;

namespace MLSieve.Tests;

/// <summary>
/// Asserts that as much native lives when it is disposed as when it was started: <c>using var check = NativeLeakCheck.Start();</c>
/// </summary>
/// <remarks>
/// Tests run side by side, so it counts the tensors that its own thread made and disposed: start and dispose it on one thread, without
/// await in between. A tensor that only its finalizer frees counts as leaked. (Tensor.TotalCount would not do: it also counts a tensor that
/// became a Parameter for ever.) A test in a process of its own can check the handles of the whole process besides:
/// <see cref="StartAlone"/>.
/// </remarks>
public sealed class NativeLeakCheck : IDisposable
{
    private readonly long _tensors;
    private readonly string[]? _files;
    private readonly int _thread = Environment.CurrentManagedThreadId;

    private NativeLeakCheck(bool alone)
    {
        _tensors = LiveTensors;
        _files = alone ? Files() : null;
    }

    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    /// <summary>Notes how many tensors live now.</summary>
    public static NativeLeakCheck Start()
    {
        NativeBackend.EnsureLoaded();
        return new(alone: false);
    }

    /// <summary>
    /// Notes besides which files the process holds open or mapped, and what lies in its temporary folder (which should be its own).
    /// </summary>
    public static NativeLeakCheck StartAlone()
    {
        NativeBackend.EnsureLoaded();
        return new(alone: true);
    }

    /// <summary>Compares.</summary>
    public void Dispose()
    {
        Assert.Equal(_thread, Environment.CurrentManagedThreadId);
        long leaked = LiveTensors - _tensors;
        Assert.True(
            leaked == 0, $"{leaked} more native tensors live than at the start of the check; each must end in a dispose scope or a using.");
        if (_files is null) return;
        string[] left = [.. Files().Except(_files)];
        Assert.True(
            left.Length == 0, $"Open, mapped or left in the temporary folder since the start of the check: {string.Join(", ", left)}.");
    }

    private static string[] Files()
    {
        IEnumerable<string> files = Directory.EnumerateFileSystemEntries(Path.GetTempPath(), "*", SearchOption.AllDirectories);
        if (OperatingSystem.IsLinux())
        {
            // By number: one file may be open twice. What maps a file may have closed it, so the maps count too.
            files = files.Concat(
                Directory.EnumerateFiles("/proc/self/fd").Select(fd => $"{Path.GetFileName(fd)}: {Target(fd)}").Where(IsFile));
            files = files.Concat(File.ReadLines("/proc/self/maps")
                .Select(line => line[(line.IndexOf('/', StringComparison.Ordinal) + 1)..])
                .Where(path => path.Contains(Path.GetTempPath().Trim('/'), StringComparison.Ordinal)));
        }

        return [.. files];

        // The runtime opens an assembly when it is first used, whoever that is.
        static bool IsFile(string fd) =>
            fd.Contains(": /", StringComparison.Ordinal) && !fd.Contains(": /proc/", StringComparison.Ordinal)
                && !fd.EndsWith(".dll", StringComparison.Ordinal);
    }

    private static string Target(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.ToString() ?? "";
        }
        catch (IOException)
        {
            return ""; // the listing's own, closed by now
        }
    }
}
