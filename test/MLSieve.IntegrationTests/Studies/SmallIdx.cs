using System.Buffers.Binary;
using System.IO.Compression;
using Studies;

namespace MLSieve.Tests;

/// <summary>Small grey data and idx files for tests of the studies' data.</summary>
internal static class SmallIdx
{
    /// <summary>Images of 2 × 3 in which every pixel of image i is 1 + i mod 200, and its class is i mod 10.</summary>
    public static GreyDataset Dataset(int count)
    {
        byte[] pixels = [.. Enumerable.Range(0, count * 6).Select(p => (byte)(1 + (p / 6 % 200)))];
        return new GreyDataset(new IdxImages(count, 2, 3, pixels), [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))]);
    }

    /// <summary>Writes an idx file of bytes.</summary>
    public static void Write(string path, int[] sizes, ReadOnlySpan<byte> values)
    {
        using var file = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        file.Write([0, 0, 8, (byte)sizes.Length]);
        byte[] number = new byte[4];
        foreach (int size in sizes)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, size);
            file.Write(number);
        }

        file.Write(values);
    }
}
