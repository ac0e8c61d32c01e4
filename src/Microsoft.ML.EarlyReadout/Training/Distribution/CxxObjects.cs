using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>C++ objects in memory that lives as long as the process: a group of ranks is made once, and libtorch keeps it.</summary>
internal static unsafe class CxxObjects
{
    private const ulong Forever = (0x0FFFFFFFUL << 32) | 0x0FFFFFFF; // weak and strong references
    private const int ShortText = 15; // bytes that a std::string holds in itself

    /// <summary>Zeroed memory.</summary>
    public static byte* Allocate(int bytes) => (byte*)NativeMemory.AllocZeroed((nuint)bytes);

    /// <summary>Lets a c10::intrusive_ptr_target never come to its last reference, since this memory is not libtorch's.</summary>
    public static void KeepForever(byte* target) => *(ulong*)(target + sizeof(nint)) = Forever;

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
