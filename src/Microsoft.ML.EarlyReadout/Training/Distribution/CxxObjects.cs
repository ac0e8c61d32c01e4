using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>C++ objects in memory that lives as long as the process: a group of ranks is made once, and libtorch keeps it.</summary>
internal static unsafe class CxxObjects
{
    /// <summary>The weak and the strong references to a c10::intrusive_ptr_target that one pointer holds.</summary>
    public const ulong OneReference = (1UL << 32) | 1;

    private const ulong Forever = 0x0FFFFFFF * OneReference;
    private const int ShortText = 15; // bytes that a std::string holds in itself

    /// <summary>Zeroed memory.</summary>
    public static byte* Allocate(int bytes) => (byte*)NativeMemory.AllocZeroed((nuint)bytes);

    /// <summary>Where a c10::intrusive_ptr_target counts its references: behind the pointer to its virtual functions.</summary>
    public static ulong* References(byte* target) => (ulong*)(target + sizeof(nint));

    /// <summary>Lets a c10::intrusive_ptr_target never come to its last reference, since this memory is not libtorch's.</summary>
    public static void KeepForever(byte* target) => *References(target) = Forever;

    /// <summary>A std::string.</summary>
    public static nint Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte* result = Allocate(32);
        byte* at = bytes.Length <= ShortText ? result + 16 : Allocate(bytes.Length + 1);
        if (bytes.Length > ShortText) *(ulong*)(result + 16) = (ulong)bytes.Length;
        bytes.CopyTo(new Span<byte>(at, bytes.Length));
        *(nint*)result = (nint)at;
        *(ulong*)(result + 8) = (ulong)bytes.Length;
        return (nint)result;
    }
}
