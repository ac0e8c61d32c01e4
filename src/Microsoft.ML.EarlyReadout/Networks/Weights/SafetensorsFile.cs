using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A safetensors file: 8 bytes with the length of a JSON header, the header with each tensor's type, shape and place, then the numbers.
/// </summary>
/// <remarks>
/// Everything in the header is checked when the file is opened; a tensor's numbers are read when asked for, one tensor at a time.
/// </remarks>
/// <threadsafety>Not thread-safe.</threadsafety>
internal sealed class SafetensorsFile : IWeightsFile
{
    private const int PrefixLength = sizeof(long);
    private readonly FileStream _stream;
    private readonly Dictionary<string, SafetensorsEntry> _entries;

    private SafetensorsFile(FileStream stream, Dictionary<string, SafetensorsEntry> entries) => (_stream, _entries) = (stream, entries);

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <inheritdoc/>
    public string Path => _stream.Name;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="InvalidDataException">The file is malformed; the message names it, the tensor, what was expected and what was
    /// found.</exception>
    public static SafetensorsFile Open(string path)
    {
        NativeBackend.EnsureLoaded();
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return new SafetensorsFile(stream, SafetensorsHeader.Read(stream));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Shape(string name) => _entries[name].Shape;

    /// <summary>The type of a tensor's numbers; <see langword="null"/> where they are not read.</summary>
    public ScalarType? Type(string name) => _entries[name].Type;

    /// <inheritdoc/>
    public string TypeName(string name) => Excerpt.Of(_entries[name].TypeName);

    /// <inheritdoc/>
    public bool HoldsFloats(string name) =>
        Type(name) is ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float64;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">Its numbers are of a type that is not read.</exception>
    public Tensor Read(string name)
    {
        SafetensorsEntry entry = _entries[name];
        if (entry.Type is not { } type)
            throw new InvalidDataException(
                $"The tensor '{Excerpt.Of(name)}' of '{Path}' has numbers of type {TypeName(name)}; only "
                    + $"{SafetensorsHeader.ReadableTypes} are read.");
        Tensor tensor = empty([.. entry.Shape], type, CPU);
        _stream.Position = entry.Begin;
        _stream.ReadExactly(tensor.bytes);
        return tensor;
    }

    /// <summary>As <see cref="Write(string, IEnumerable{SafetensorsContent})"/>, of tensors of libtorch.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="tensors">Name and tensor; on any device.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        Write(path, tensors.Select(entry => new SafetensorsContent(entry.Key, entry.Value.dtype, entry.Value.shape, stream =>
        {
            using DisposeScope scope = NewDisposeScope();
            stream.Write(entry.Value.detach().cpu().contiguous().bytes);
        })));

    /// <summary>
    /// Writes tensors in the order of their names; a reader sees the whole file or, until it is whole, the one that was there before. It is
    /// on the disk when this returns.
    /// </summary>
    /// <param name="path">Where to.</param>
    /// <param name="tensors">Name, type, shape and numbers; libtorch is not needed.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void Write(string path, IEnumerable<SafetensorsContent> tensors)
    {
        SafetensorsContent[] ordered = [.. tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[] header = SafetensorsHeader.Write(ordered);
        AtomicFile.Write(path, Write, isFlushed: true);

        void Write(Stream stream)
        {
            Span<byte> length = stackalloc byte[PrefixLength];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (SafetensorsContent tensor in ordered) tensor.Write(stream);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
