using System.Buffers.Binary;
using System.IO.Compression;

namespace Studies;

/// <summary>Grey images of one size, row by row, as an idx3 file holds them.</summary>
/// <param name="Count">Images.</param>
/// <param name="Height">Rows of pixels in an image.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Pixels">All pixels, 0 to 255: Count · Height · Width of them.</param>
internal sealed record IdxImages(int Count, int Height, int Width, byte[] Pixels)
{
    /// <summary>The pixels of one image.</summary>
    public ReadOnlySpan<byte> this[int image] => Pixels.AsSpan(image * Height * Width, Height * Width);
}

/// <summary>Reads the gzipped idx files in which MNIST and Fashion-MNIST are kept: a big-endian header, then unsigned bytes.</summary>
internal static class IdxFile
{
    private const int UnsignedByteType = 0x08;

    /// <summary>Reads a file of images (three dimensions).</summary>
    /// <exception cref="InvalidDataException">The file is not a whole idx3 file of bytes.</exception>
    public static IdxImages ReadImages(string path)
    {
        (int[] sizes, byte[] values) = Read(path, dimensions: 3);
        return new IdxImages(sizes[0], sizes[1], sizes[2], values);
    }

    /// <summary>Reads a file of labels (one dimension).</summary>
    /// <exception cref="InvalidDataException">The file is not a whole idx1 file of bytes.</exception>
    public static byte[] ReadLabels(string path) => Read(path, dimensions: 1).Values;

    private static (int[] Sizes, byte[] Values) Read(string path, int dimensions)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        try
        {
            byte[] header = new byte[4 + (4 * dimensions)];
            file.ReadExactly(header);
            if (header[0] != 0 || header[1] != 0 || header[2] != UnsignedByteType || header[3] != dimensions)
                throw new InvalidDataException(
                    $"{path}: expected an idx file of bytes in {dimensions} dimension(s), found the magic "
                        + $"{Convert.ToHexString(header, 0, 4)}.");
            int[] sizes = [.. Enumerable.Range(0, dimensions).Select(d => BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 + (4 * d))))];
            byte[] values = new byte[sizes.Aggregate(1, (product, size) => checked(product * size))];
            file.ReadExactly(values);
            if (file.ReadByte() >= 0)
                throw new InvalidDataException($"{path}: more bytes than the {values.Length} that its header announces.");
            return (sizes, values);
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException($"{path}: fewer bytes than its header announces.");
        }
    }
}
