using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The sets of instructions that decide how fast a processor trains. libtorch may use fewer than the processor has.</summary>
internal static class ProcessorInstructions
{
    private const int Avx512Bit = 5; // of EAX, CPUID leaf 7, subleaf 1
    private const int AmxBit = 22; // of EDX, CPUID leaf 7, subleaf 0

    /// <summary>All that there are, the oldest first.</summary>
    public static IEnumerable<string> All()
    {
        (string Name, bool IsThere)[] known =
        [
            ("sse4.2", Sse42.IsSupported), ("avx", Avx.IsSupported), ("avx2", Avx2.IsSupported), ("fma", Fma.IsSupported),
            ("avx512f", Avx512F.IsSupported),
        ];
        return known.Where(set => set.IsThere).Select(set => set.Name).Concat(BFloat16());
    }

    /// <summary>Those for bfloat16.</summary>
    public static IEnumerable<string> BFloat16()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7) yield break;
        if ((X86Base.CpuId(7, 1).Eax >> Avx512Bit & 1) == 1) yield return "avx512_bf16";
        if ((X86Base.CpuId(7, 0).Edx >> AmxBit & 1) == 1) yield return "amx_bf16";
    }
}
