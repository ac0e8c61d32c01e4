using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Has oneDNN assume sizes of the processor's caches where it was told nonsense. Some virtual machines answer zeros when an AMD processor
/// is asked for its caches. oneDNN makes three caches of one byte of that, and rearranges and convolves numbers wrongly by it. Where it
/// knows of no cache, it assumes sizes, and is right: so it is made to forget the three.
/// </summary>
/// <remarks>What it knows lies in an object that libtorch does not export, so it is looked for among all symbols. Nothing stays changed
/// unless oneDNN itself then tells a size of which caches are.</remarks>
internal static unsafe class HiddenCaches
{
    private const int CacheLeaf = unchecked((int)0x8000001D), AuthenticAmd = 0x68747541; // "Auth"
    private const uint Levels = 3, LeastBytes = 4096;

    private const string Processor = "_ZN4dnnl4impl3cpu3x643cpuEv", // dnnl::impl::cpu::x64::cpu(), a reference to:
        Known = "_ZZN4dnnl4impl3cpu3x643cpuEvE4cpu_",
        CacheSize = "_ZN4dnnl4impl3cpu8platform23get_per_core_cache_sizeEi"; // get_per_core_cache_size(level)

    /// <summary>Whether this processor tells nothing of its caches in the way in which oneDNN asks.</summary>
    public static bool Are =>
        X86Base.IsSupported && X86Base.CpuId(0, 0).Ebx == AuthenticAmd && X86Base.CpuId(CacheLeaf, 0) == (0, 0, 0, 0);

    /// <summary>Has oneDNN assume sizes, before it computes.</summary>
    /// <param name="torchCpu">The handle of libtorch_cpu.</param>
    /// <returns>Whether oneDNN now goes by sizes that caches have.</returns>
    public static bool Assume(IntPtr torchCpu)
    {
        if (LibC.FileOf(torchCpu) is not { } file) return false;
        IReadOnlyDictionary<string, (long Address, long Bytes)> symbols;
        try
        {
            symbols = ElfSymbols.Find(file, Processor, Known, CacheSize);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            return false; // there is no room to read the file, for instance: slower convolutions will do
        }

        if (symbols.Count < 3) return false;
        long loaded = LibC.AddressOf(torchCpu);
        var know = (delegate* unmanaged<uint*>)(loaded + symbols[Processor].Address);
        var sizeOf = (delegate* unmanaged<int, uint>)(loaded + symbols[CacheSize].Address);
        uint* known = know(); // which asks the processor, at the first call
        if ((long)known != loaded + symbols[Known].Address) return false;
        for (long word = symbols[Known].Bytes / sizeof(uint) - 1; word >= 0 && sizeOf(1) < LeastBytes; word--)
        {
            if (known[word] != Levels) continue;
            known[word] = 0;
            if (sizeOf(1) < LeastBytes) known[word] = Levels; // another number
        }

        return sizeOf(1) >= LeastBytes;
    }
}
