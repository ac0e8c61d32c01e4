using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The JSON header of a safetensors file: <c>{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}</c>.
/// </summary>
internal static class SafetensorsHeader
{
    // The format's own bound; it keeps a damaged length from claiming all memory.
    private const long LongestHeader = 100_000_000;
    private const int MostDimensions = 64; // libtorch computes with no more
    private const int PrefixLength = sizeof(long);
    private const string MetadataName = "__metadata__";

    // Tensors of types that are not read have their place in a file like others. Of a type that is not even named here, the bytes are not
    // known.
    private static readonly Dictionary<string, (ScalarType? Type, int Size)> Types = new()
    {
        ["F32"] = (ScalarType.Float32, 4),
        ["F16"] = (ScalarType.Float16, 2),
        ["BF16"] = (ScalarType.BFloat16, 2),
        ["F64"] = (ScalarType.Float64, 8),
        ["I64"] = (ScalarType.Int64, 8),
        ["U8"] = (ScalarType.Byte, 1),
        ["BOOL"] = (null, 1),
        ["I8"] = (null, 1),
        ["I16"] = (null, 2),
        ["U16"] = (null, 2),
        ["I32"] = (null, 4),
        ["U32"] = (null, 4),
        ["U64"] = (null, 8),
        ["C64"] = (null, 8),
        ["F8_E4M3"] = (null, 1),
        ["F8_E5M2"] = (null, 1),
        ["F8_E8M0"] = (null, 1),
    };

    /// <summary>The names of the types whose numbers are read.</summary>
    public static string ReadableTypes { get; } = string.Join(
        ", ", Types.Where(type => type.Value.Type is not null).Select(type => type.Key));

    /// <summary>Reads and checks a file's header.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static Dictionary<string, SafetensorsEntry> Read(FileStream stream)
    {
        string file = stream.Name;
        if (!BeginsAsHeader(stream) && ForeignWeights.Describe(stream) is { } other)
            throw new InvalidDataException($"'{file}' is not a safetensors file: {other}.");
        stream.Position = 0;
        if (stream.Length < PrefixLength)
            throw Fault(file, $"it has {stream.Length} bytes; the length of the header alone takes {PrefixLength}");
        Span<byte> prefix = stackalloc byte[PrefixLength];
        stream.ReadExactly(prefix);
        long length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        long most = Math.Min(LongestHeader, stream.Length - PrefixLength);
        if (length < 2 || length > most) throw Fault(file, $"it gives {length} bytes as the length of its header; expected 2 to {most}");
        byte[] header = new byte[length];
        stream.ReadExactly(header);
        try
        {
            using JsonDocument json = JsonDocument.Parse(header);
            return Entries(file, json.RootElement, PrefixLength + length, stream.Length);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Text that is no Unicode passes the parser and is found out when it is read: an InvalidOperationException.
            throw new InvalidDataException($"'{file}' is not a safetensors file: its header is no JSON ({error.Message})", error);
        }
    }

    /// <summary>The header for tensors that are written one after another, padded to a multiple of 8 bytes.</summary>
    public static byte[] Write(IReadOnlyList<SafetensorsContent> tensors)
    {
        long offset = 0;
        var header = new Dictionary<string, object>();
        foreach (SafetensorsContent tensor in tensors)
        {
            (string code, (_, int size)) = Types.FirstOrDefault(type => type.Value.Type == tensor.Type);
            if (code is null)
                throw new ArgumentException(
                    $"The tensor '{tensor.Name}' is {tensor.Type}; a weights file holds {ReadableTypes}.", nameof(tensors));
            long end = offset + tensor.Shape.Aggregate((long)size, (bytes, side) => bytes * side);
            header[tensor.Name] = new Dictionary<string, object>
            {
                ["dtype"] = code,
                ["shape"] = tensor.Shape,
                ["data_offsets"] = new[] { offset, end },
            };
            offset = end;
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] padded = new byte[(json.Length + 7) / 8 * 8];
        padded.AsSpan().Fill((byte)' ');
        json.CopyTo(padded, 0);
        return padded;
    }

    /// <summary>
    /// Whether the file starts with a length that it has room for, then with the brace of its header: no other kind of file does.
    /// </summary>
    private static bool BeginsAsHeader(FileStream stream)
    {
        Span<byte> beginning = stackalloc byte[PrefixLength + 1];
        stream.Position = 0;
        return stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false) == beginning.Length
            && BinaryPrimitives.ReadInt64LittleEndian(beginning) <= Math.Min(LongestHeader, stream.Length - PrefixLength)
            && beginning[PrefixLength] == '{';
    }

    private static Dictionary<string, SafetensorsEntry> Entries(string file, JsonElement header, long dataStart, long fileLength)
    {
        if (header.ValueKind != JsonValueKind.Object) throw Fault(file, $"its header is a JSON {header.ValueKind}; expected an object");
        var entries = new Dictionary<string, SafetensorsEntry>();
        foreach (JsonProperty property in header.EnumerateObject())
            if (property.Name != MetadataName && !entries.TryAdd(property.Name, Entry(file, property, dataStart, fileLength)))
                throw Fault(file, $"its header names the tensor '{property.Name}' twice");
        CheckPlaces(file, entries, dataStart, fileLength);
        return entries;
    }

    private static SafetensorsEntry Entry(string file, JsonProperty property, long dataStart, long fileLength)
    {
        string name = property.Name;
        JsonElement value = property.Value;
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out JsonElement type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out JsonElement shapeJson)
            || !value.TryGetProperty("data_offsets", out JsonElement offsetsJson))
            throw Fault(file, $"its header gives no dtype, shape and data_offsets for the tensor '{name}'");
        string typeName = type.GetString()!;
        bool isKnown = Types.TryGetValue(typeName, out (ScalarType? Type, int Size) known);
        long[] shape = Numbers(file, name, "shape", shapeJson);
        long[] offsets = Numbers(file, name, "data_offsets", offsetsJson);
        long dataLength = fileLength - dataStart;
        if (offsets.Length != 2 || offsets[0] > offsets[1])
            throw Fault(file, $"the tensor '{name}' has data_offsets [{string.Join(", ", offsets)}]; expected a begin and an end");
        if (offsets[1] > dataLength)
            throw Fault(
                file,
                $"the tensor '{name}' ends at byte {offsets[1]} of the data, which has {dataLength}; the file is truncated or its header "
                    + "damaged");
        if (!isKnown) return new SafetensorsEntry(null, typeName, shape, dataStart + offsets[0], dataStart + offsets[1]);
        UInt128 expected = shape.Aggregate((UInt128)known.Size, (product, size) => Multiply(product, size));
        if (expected != (UInt128)(offsets[1] - offsets[0]))
            throw Fault(
                file,
                $"the tensor '{name}' has shape ({string.Join(", ", shape)}) of {typeName}, so {expected} bytes are expected; "
                    + $"{offsets[1] - offsets[0]} found");
        // A tensor without numbers may still have sides that libtorch cannot count with.
        if (shape.Length > MostDimensions
            || shape.Aggregate((UInt128)known.Size, (product, size) => Multiply(product, Math.Max(size, 1))) > long.MaxValue)
            throw Fault(
                file,
                $"the tensor '{name}' has shape ({string.Join(", ", shape)}); expected at most {MostDimensions} dimensions, and sides "
                    + "whose product is a number of 64 bits");
        return new SafetensorsEntry(known.Type, typeName, shape, dataStart + offsets[0], dataStart + offsets[1]);
    }

    // No file reaches this many bytes, and beyond it the product could wrap round to a size that looks right.
    private static UInt128 Multiply(UInt128 product, long size) => UInt128.Min(product, ulong.MaxValue) * (ulong)size;

    private static long[] Numbers(string file, string name, string what, JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            long?[] numbers =
            [
                .. json.EnumerateArray().Select(
                    element => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number) ? number : (long?)null),
            ];
            if (numbers.All(number => number >= 0)) return [.. numbers.Select(number => number!.Value)];
        }
        throw Fault(file, $"the tensor '{name}' has {what} {json.GetRawText()}; expected an array of whole numbers from 0");
    }

    private static void CheckPlaces(string file, Dictionary<string, SafetensorsEntry> entries, long dataStart, long fileLength)
    {
        long end = dataStart;
        string before = "the header";
        foreach ((string name, SafetensorsEntry entry) in entries.OrderBy(entry => entry.Value.Begin).ThenBy(entry => entry.Value.End))
        {
            if (entry.Begin < end) throw Fault(file, $"the tensors '{before}' and '{name}' overlap");
            (end, before) = (entry.End, name);
        }
        if (end < fileLength && entries.Count == 0) throw Fault(file, "its header names no tensor, and yet it holds data");
    }

    private static InvalidDataException Fault(string file, string what) =>
        new($"'{file}' is not a valid safetensors file: {Excerpt.Of(what)}.");
}
