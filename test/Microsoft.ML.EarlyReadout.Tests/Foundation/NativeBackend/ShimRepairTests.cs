using System.Text;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>
/// On TorchSharp's own shim, with a version renamed to one that no system has, so that they mean the same on every Linux.
/// </summary>
public sealed class ShimRepairTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("shim-");

    public ShimRepairTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The shim is repaired on Linux only.");

    private string Copy => Path.Combine(_folder.FullName, "libLibTorchSharp.so");

    [Fact]
    public void A_need_that_no_bound_symbol_uses_is_marked_weak_and_the_copy_is_otherwise_the_same()
    {
        var image = WriteShim("GLIBCXX_3.4.32", "GLIBCXX_9.9.32");
        var unmet = ShimRepair.FindUnmetNeeds(image).Single(need => need.Version == "GLIBCXX_9.9.32");
        Assert.Equal("GLIBCXX_9.9.32 of libstdc++.so.6", unmet.ToString());
        byte[] repaired = ShimRepair.MarkWeak(image, [unmet]);
        Assert.Equal(
            [unmet.FlagsOffset], Enumerable.Range(0, repaired.Length).Where(i => repaired[i] != image.Bytes[i]).Select(i => (long)i));
        File.WriteAllBytes(Copy, repaired);
        Assert.DoesNotContain(ShimRepair.FindUnmetNeeds(ElfImage.Read(Copy)), need => need.Version == "GLIBCXX_9.9.32");
    }

    [Fact]
    public void A_need_that_a_bound_symbol_uses_is_an_error_that_lists_the_symbol()
    {
        var image = WriteShim("GLIBCXX_3.4.30", "GLIBCXX_9.9.30");
        var error = Assert.Throws<NativeBackendException>(() => ShimRepair.MarkWeak(image, ShimRepair.FindUnmetNeeds(image)));
        Assert.Contains("_ZNSt18condition_variable4wait", error.Message);
        Assert.Contains("GLIBCXX_9.9.30 of libstdc++.so.6", error.Message);
        Assert.DoesNotContain("ios_base_library_init", error.Message);
    }

    [Theory, InlineData(10), InlineData(63), InlineData(70), InlineData(100_000), InlineData(300_000)]
    public void A_library_that_is_cut_off_is_an_error_that_names_it(int length)
    {
        File.WriteAllBytes(Copy, File.ReadAllBytes(Shim)[..length]);
        var error = Assert.Throws<InvalidDataException>(() => ShimRepair.FindUnmetNeeds(ElfImage.Read(Copy)));
        Assert.Contains(Copy, error.Message);
    }

    [Fact]
    public void A_stored_copy_is_whole_and_a_spoiled_one_is_replaced()
    {
        byte[] bytes = [1, 2, 3];
        string path = ShimRepair.Store(bytes, "x.so", _folder.FullName);
        Assert.Equal(path, ShimRepair.Store(bytes, "x.so", _folder.FullName));
        File.WriteAllBytes(path, [1]);
        Assert.Equal(path, ShimRepair.Store(bytes, "x.so", _folder.FullName));
        Assert.Equal(bytes, File.ReadAllBytes(path));
        Assert.Equal(path, Assert.Single(Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories)));
        Assert.NotEqual(path, ShimRepair.Store([4], "x.so", _folder.FullName));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Shim => LibTorchLocation.Find(typeof(torch).Assembly.GetName().Version!.ToString(3)).Shim;

    private ElfImage WriteShim(string version, string renamed)
    {
        byte[] bytes = File.ReadAllBytes(Shim), name = Encoding.ASCII.GetBytes('\0' + version + '\0');
        int at = bytes.AsSpan().IndexOf(name);
        Assert.True(at > 0, $"{version} should be in the shim's dynamic string table");
        Encoding.ASCII.GetBytes(renamed).CopyTo(bytes, at + 1);
        File.WriteAllBytes(Copy, bytes);
        return ElfImage.Read(Copy);
    }
}
