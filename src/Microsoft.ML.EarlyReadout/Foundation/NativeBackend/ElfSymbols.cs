using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The table of all symbols (<c>.symtab</c>) of a 64-bit little-endian ELF library, those included that no other library can bind. A
/// library that was stripped has none.
/// </summary>
internal static unsafe class ElfSymbols
{
    private const uint SymbolTable = 2; // SHT_SYMTAB

    /// <summary>Where the symbols of some names lie.</summary>
    /// <param name="path">The library, of any size.</param>
    /// <param name="names">The names, mangled.</param>
    /// <returns>Each symbol that was found: its address before the library is loaded to where it is, and its bytes.</returns>
    public static IReadOnlyDictionary<string, (long Address, long Bytes)> Find(string path, params IReadOnlyCollection<string> names)
    {
        using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, 0, MemoryMappedFileAccess.Read);
        using MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            return Find(start, new FileInfo(path).Length, names);
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    // At once as fast as it gets: libtorch has half a million symbols.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Dictionary<string, (long Address, long Bytes)> Find(byte* file, long length, IReadOnlyCollection<string> names)
    {
        var found = new Dictionary<string, (long, long)>();
        ref readonly Header header = ref *(Header*)file;
        if (length < sizeof(Header) || header.SectionBytes != sizeof(Section)) return found;
        if (!IsWithin(header.Sections, (long)header.SectionCount * sizeof(Section))) return found;
        var sections = new ReadOnlySpan<Section>(file + header.Sections, header.SectionCount);
        byte[][] wanted = [.. names.Select(name => Encoding.ASCII.GetBytes(name + '\0'))];
        foreach (Section table in sections)
        {
            if (table.Type != SymbolTable || table.Link >= sections.Length) continue;
            Section text = sections[(int)table.Link];
            if (!IsWithin(table.Offset, table.Bytes) || !IsWithin(text.Offset, text.Bytes)) continue;
            var symbols = (Symbol*)(file + table.Offset);
            for (long i = 0; i < table.Bytes / sizeof(Symbol); i++)
            {
                byte* at = file + text.Offset + symbols[i].Name;
                long most = text.Bytes - symbols[i].Name;
                foreach (byte[] name in wanted)
                    if (name.Length <= most && new ReadOnlySpan<byte>(at, name.Length).SequenceEqual(name))
                        found[Encoding.ASCII.GetString(name, 0, name.Length - 1)] = (symbols[i].Address, symbols[i].Bytes);
            }
        }

        return found;

        bool IsWithin(long from, long bytes) => from >= 0 && bytes >= 0 && from <= length - bytes;
    }

    // Elf64_Ehdr, as far as it is read
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Header
    {
        [FieldOffset(40)]
        public long Sections;

        [FieldOffset(58)]
        public ushort SectionBytes;

        [FieldOffset(60)]
        public ushort SectionCount;
    }

    // Elf64_Shdr
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Section
    {
        [FieldOffset(4)]
        public uint Type;

        [FieldOffset(24)]
        public long Offset;

        [FieldOffset(32)]
        public long Bytes;

        [FieldOffset(40)]
        public uint Link;
    }

    // Elf64_Sym
    [StructLayout(LayoutKind.Explicit, Size = 24)]
    private struct Symbol
    {
        [FieldOffset(0)]
        public uint Name;

        [FieldOffset(8)]
        public long Address;

        [FieldOffset(16)]
        public long Bytes;
    }
}
