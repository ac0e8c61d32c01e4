using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What the dynamic linker reads in a 64-bit little-endian ELF library: the symbol versions it needs, the ones it defines,
/// and the undefined symbols that a relocation binds.
/// </summary>
internal sealed class ElfImage
{
    private const long StringTable = 5, SymbolTable = 6, RelocationTable = 7, RelocationBytes = 8, PltRelocationBytes = 2,
        PltRelocations = 0x17,
        SymbolVersions = 0x6ffffff0, VersionDefinitions = 0x6ffffffc, VersionDefinitionCount = 0x6ffffffd, VersionNeeds = 0x6ffffffe,
        VersionNeedCount = 0x6fffffff;

    private readonly string _path;
    private readonly List<(long Address, long Offset, long Length)> _segments = [];
    private readonly Dictionary<long, long> _dynamic = [];

    private ElfImage(byte[] bytes, string path)
    {
        Bytes = bytes;
        _path = path;
        ReadHeaders();
    }

    /// <summary>The file's bytes.</summary>
    public byte[] Bytes { get; }

    /// <summary>Reads a library.</summary>
    /// <exception cref="InvalidDataException">The file is not a whole 64-bit little-endian ELF library.</exception>
    public static ElfImage Read(string path) => new(File.ReadAllBytes(path), path);

    /// <summary>The versions that must be defined by other libraries, each with the place of its flags in <see cref="Bytes"/>.</summary>
    public IReadOnlyList<ElfVersionNeed> ReadVersionNeeds()
    {
        var needs = new List<ElfVersionNeed>();
        if (!_dynamic.TryGetValue(VersionNeeds, out long address))
            return needs;
        long file = Offset(address);
        for (long i = 0; i < _dynamic.GetValueOrDefault(VersionNeedCount); i++)
        {
            string library = Name(U32(file + 4));
            long version = file + U32(file + 8);
            for (int j = 0, count = U16(file + 2); j < count; j++)
            {
                needs.Add(
                    new(library, Name(U32(version + 8)), U16(version + 6), version + 4, (U16(version + 4) & ElfVersionNeed.WeakFlag) != 0));
                version += U32(version + 12);
            }
            file += U32(file + 12);
        }
        return needs;
    }

    /// <summary>The versions that this library defines.</summary>
    public IReadOnlySet<string> ReadDefinedVersions()
    {
        var versions = new HashSet<string>();
        if (!_dynamic.TryGetValue(VersionDefinitions, out long address))
            return versions;
        long definition = Offset(address);
        for (long i = 0; i < _dynamic.GetValueOrDefault(VersionDefinitionCount); i++)
        {
            versions.Add(Name(U32(definition + U32(definition + 12))));
            definition += U32(definition + 16);
        }
        return versions;
    }

    /// <summary>The undefined, not weak symbols that some relocation binds, with the index of the version they ask for.</summary>
    public IReadOnlyList<(string Name, int VersionIndex)> ReadBoundSymbols()
    {
        var indices = new SortedSet<long>();
        AddRelocated(RelocationTable, RelocationBytes, indices);
        AddRelocated(PltRelocations, PltRelocationBytes, indices);
        var symbols = new List<(string, int)>();
        long table = Offset(_dynamic.GetValueOrDefault(SymbolTable)), versions = Offset(_dynamic.GetValueOrDefault(SymbolVersions));
        foreach (long index in indices)
        {
            long symbol = table + 24 * index;
            bool weak = Bytes[Checked(symbol + 4, 1)] >> 4 == 2, undefined = U16(symbol + 6) == 0;
            if (undefined && !weak)
                symbols.Add((Name(U32(symbol)), U16(versions + 2 * index) & 0x7fff));
        }
        return symbols;
    }

    private void AddRelocated(long tableTag, long bytesTag, SortedSet<long> indices)
    {
        if (!_dynamic.TryGetValue(tableTag, out long address))
            return;
        long start = Offset(address);
        for (long at = 0; at < _dynamic.GetValueOrDefault(bytesTag); at += 24)
            indices.Add(U32(start + at + 12)); // the upper half of r_info
        indices.Remove(0);
    }

    private void ReadHeaders()
    {
        if (Bytes.Length < 64 || !Bytes.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
            throw new InvalidDataException($"'{_path}' is not a 64-bit little-endian ELF library.");
        long header = I64(0x20), dynamic = -1, dynamicLength = 0;
        int size = U16(0x36), count = U16(0x38);
        for (int i = 0; i < count; i++, header += size)
        {
            uint type = U32(header);
            if (type == 1)
                _segments.Add((I64(header + 16), I64(header + 8), I64(header + 32)));
            else if (type == 2)
                (dynamic, dynamicLength) = (I64(header + 8), I64(header + 32));
        }
        if (dynamic < 0)
            throw new InvalidDataException($"'{_path}' is an ELF file without a dynamic section.");
        for (long at = dynamic; at < dynamic + dynamicLength && I64(at) != 0; at += 16)
            _dynamic.TryAdd(I64(at), I64(at + 8));
    }

    private long Offset(long address)
    {
        foreach (var segment in _segments)
            if (address >= segment.Address && address < segment.Address + segment.Length)
                return address - segment.Address + segment.Offset;
        throw new InvalidDataException($"'{_path}' points to address {address:x}, which is in none of its segments.");
    }

    private string Name(uint index)
    {
        int start = Checked(Offset(_dynamic.GetValueOrDefault(StringTable)) + index, 1);
        int length = Bytes.AsSpan(start).IndexOf((byte)0);
        return length < 0
            ? throw new InvalidDataException($"'{_path}' is cut off in its string table.")
            : Encoding.ASCII.GetString(Bytes, start, length);
    }

    private ushort U16(long at) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan(Checked(at, 2)));

    private uint U32(long at) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(Checked(at, 4)));

    private long I64(long at) => BinaryPrimitives.ReadInt64LittleEndian(Bytes.AsSpan(Checked(at, 8)));

    private int Checked(long at, int length) =>
        at >= 0 && at + length <= Bytes.Length
            ? (int)at
            : throw new InvalidDataException($"'{_path}' is cut off: byte {at} of {Bytes.Length} was asked for.");
}
