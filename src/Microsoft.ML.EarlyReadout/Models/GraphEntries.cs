using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The ONNX graphs in a zip that ML.NET has saved.</summary>
internal static class GraphEntries
{
    private const string Name = "OnnxModel"; // that ML.NET's OnnxTransformer gives it

    /// <summary>Reads them, in the order of the transformers: their folders are numbered.</summary>
    /// <exception cref="InvalidDataException">It is no zip, or it was damaged.</exception>
    public static IEnumerable<byte[]> Read(Stream zip)
    {
        using var archive = new ZipArchive(zip, ZipArchiveMode.Read, leaveOpen: true);
        foreach (ZipArchiveEntry entry in archive.Entries.Where(entry => entry.FullName.EndsWith(Name, StringComparison.Ordinal))
            .OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            using Stream stream = entry.Open();
            var length = new byte[sizeof(int)];
            stream.ReadExactly(length);
            int expected = BinaryPrimitives.ReadInt32LittleEndian(length);
            if (expected < 0 || expected != entry.Length - sizeof(int))
                throw new InvalidDataException($"Its entry '{Excerpt.Of(entry.FullName)}' has another length than it says.");
            var graph = new byte[expected];
            stream.ReadExactly(graph);
            yield return graph;
        }
    }
}
