using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>How oneDNN is made to assume the sizes of caches: by symbols that libtorch has and does not export.</summary>
public sealed class HiddenCachesTests : IDisposable
{
    private const string Exported = "_ZN2at13globalContextEv";
    private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void On_every_processor_oneDNN_goes_by_sizes_that_caches_have()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "There is no such oneDNN.");
        Assert.True(HiddenCaches.Assume(NativeBackend.TorchCpu)); // where it knows them, nothing is changed
        Assert.Equal(HiddenCaches.Are, NativeBackend.Description.Contains("oneDNN assumes some", StringComparison.Ordinal));
    }

    [Fact]
    public void A_symbol_lies_where_the_loaded_library_has_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the handle of libtorch is not known.");
        IntPtr library = NativeBackend.TorchCpu;
        var symbols = ElfSymbols.Find(LibC.FileOf(library)!, Exported, "no such symbol");
        Assert.Equal(Exported, Assert.Single(symbols).Key);
        Assert.Equal(NativeLibrary.GetExport(library, Exported), LibC.AddressOf(library) + checked((IntPtr)symbols[Exported].Address));
        Assert.InRange(symbols[Exported].Bytes, 1, 4096);
    }

    [Fact]
    public void A_library_without_the_table_and_one_that_is_cut_off_have_no_symbols()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere libraries have another format.");
        byte[] shim = File.ReadAllBytes(LibTorchLocation.Find(typeof(torch).Assembly.GetName().Version!.ToString(3)).Shim);
        foreach (int length in new[] { 1, 63, 64, 4000, shim.Length - 5000 })
        {
            File.WriteAllBytes(_file, shim[..length]);
            Assert.Empty(ElfSymbols.Find(_file, Exported));
        }

        var random = new Random(3);
        for (int i = 0; i < 200; i++)
        {
            byte[] spoilt = [.. shim];
            for (int k = 0; k < 8; k++) spoilt[random.Next(40, 64)] = (byte)random.Next(256);
            File.WriteAllBytes(_file, spoilt);
            _ = ElfSymbols.Find(_file, Exported);
        }
    }
}
