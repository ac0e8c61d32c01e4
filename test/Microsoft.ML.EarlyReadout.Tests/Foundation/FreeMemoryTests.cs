using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The free memory, from files as Linux has them.</summary>
public sealed class FreeMemoryTests : IDisposable
{
    private const long Mebibyte = 1 << 20;
    private readonly string _folder = Directory.CreateTempSubdirectory("mlsieve-memory-").FullName;

    public FreeMemoryTests() => Write("meminfo", "MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\n");

    [Fact]
    public void Without_a_limit_it_is_what_the_machine_has()
    {
        Write("groups", "0::/a\n");
        Write("root/a/memory.max", "max\n");
        Write("root/a/memory.current", $"{100 * Mebibyte}\n");
        Assert.Equal(1024 * Mebibyte, Free());
    }

    [Fact]
    public void The_limit_of_a_group_above_holds_and_what_was_read_from_files_counts_as_free()
    {
        Write("groups", "0::/a/b\n");
        Write("root/a/memory.max", $"{300 * Mebibyte}\n");
        Write("root/a/memory.current", $"{200 * Mebibyte}\n");
        Write("root/a/memory.stat", $"anon 1\ninactive_file {50 * Mebibyte}\n");
        Write("root/a/b/memory.max", "max\n");
        Assert.Equal(150 * Mebibyte, Free());
    }

    [Fact]
    public void In_a_container_whose_path_is_the_hosts_the_top_counts()
    {
        Write("groups", "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n");
        Write("root/memory/memory.limit_in_bytes", $"{300 * Mebibyte}\n");
        Write("root/memory/memory.usage_in_bytes", $"{290 * Mebibyte}\n");
        Write("root/memory/memory.stat", $"total_inactive_file {5 * Mebibyte}\n");
        Assert.Equal(15 * Mebibyte, Free());
    }

    [Fact]
    public void A_system_that_does_not_tell_gives_none() =>
        Assert.Null(FreeMemory.Bytes(Path.Combine(_folder, "none"), Path.Combine(_folder, "none"), _folder));

    [Fact]
    public void On_this_machine_it_is_positive() => Assert.True(FreeMemory.Bytes() > 0);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private long? Free() =>
        FreeMemory.Bytes(Path.Combine(_folder, "meminfo"), Path.Combine(_folder, "groups"), Path.Combine(_folder, "root"));

    private void Write(string file, string text)
    {
        string path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
