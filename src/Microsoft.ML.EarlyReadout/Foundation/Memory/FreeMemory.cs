using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The memory that is free on this machine, within the limits of the container and of the process.</summary>
internal static class FreeMemory
{
    /// <summary>Bytes that this process may still take before the machine, its container or its address space is full.</summary>
    public static long Bytes()
    {
        if (!OperatingSystem.IsLinux()) return ByCollector();
        long free = Bytes("/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup") ?? ByCollector();
        return LibC.FreeAddressSpace() is { } addresses ? Math.Min(free, addresses) : free;
    }

    /// <summary>What the machine and its container have free, from files like Linux's; <see langword="null"/> where they do not tell.
    /// </summary>
    /// <param name="memoryPath">What <c>/proc/meminfo</c> is.</param>
    /// <param name="groupsPath">What <c>/proc/self/cgroup</c> is: the control groups of the process.</param>
    /// <param name="root">The folder of all control groups.</param>
    internal static long? Bytes(string memoryPath, string groupsPath, string root)
    {
        long? free = ValueOf(memoryPath, "MemAvailable:") * 1024;
        foreach (string line in Lines(groupsPath))
        {
            // number:controllers:path, the controllers empty in version 2
            if (line.Split(':', 3) is not [_, var controllers, var path]) continue;
            bool isSecond = controllers.Length == 0;
            if (!isSecond && !controllers.Split(',').Contains("memory")) continue;
            string top = isSecond ? root : Path.Combine(root, "memory");
            // A limit of any group above holds too. In a container the path may be the host's, and then only the top is there.
            for (string group = path.Trim('/'); ; group = Path.GetDirectoryName(group) ?? "")
            {
                if (FreeIn(Path.Combine(top, group), isSecond) is { } inGroup) free = Math.Min(free ?? long.MaxValue, inGroup);
                if (group.Length == 0) break;
            }
        }

        return free;
    }

    // Of the machine and its container too, as the last collection found them.
    private static long ByCollector()
    {
        GC.Collect(0);
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
    }

    private static long? FreeIn(string group, bool isSecond)
    {
        string limit = Path.Combine(group, isSecond ? "memory.max" : "memory.limit_in_bytes");
        string used = Path.Combine(group, isSecond ? "memory.current" : "memory.usage_in_bytes");
        // What was read from files counts as used, and is given up for whoever needs memory.
        long? cached = ValueOf(Path.Combine(group, "memory.stat"), isSecond ? "inactive_file" : "total_inactive_file");
        return Number(Lines(limit).FirstOrDefault()) is { } most && Number(Lines(used).FirstOrDefault()) is { } taken
            ? Math.Max(0, most - taken + (cached ?? 0))
            : null;
    }

    private static long? ValueOf(string path, string name) =>
        Lines(path).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1 && words[0] == name).Select(words => Number(words[1])).FirstOrDefault();

    // "max" is no number: no limit.
    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception error) when (TemporaryFolder.IsFault(error))
        {
            return []; // it need not be ours to read
        }
    }
}
