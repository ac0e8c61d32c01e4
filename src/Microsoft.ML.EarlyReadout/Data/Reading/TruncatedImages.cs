using System.Buffers.Binary;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Counts images whose files end too early. <c>LoadImages</c> hands on as much of them as could be decoded, without a
/// word.</summary>
internal sealed class TruncatedImages
{
    private const int LongestEnd = 12;
    private long _count;
    private string _first = "";

    /// <summary>Looks at the end of the file that an image was loaded from, where it is known; not more of it, unless the end is
    /// missing.</summary>
    /// <param name="image">The image.</param>
    /// <param name="row">Its row in the view.</param>
    public void Check(MLImage image, long row)
    {
        if (image.Tag is not { Length: > 0 } path || !IsCut(path)) return;
        if (_count++ == 0) _first = FormattableString.Invariant($"row {row} (counted from 0 in the data view), '{path}'");
    }

    /// <summary>Warns of them, if there are any.</summary>
    public void Report(string column, Action<string> warn)
    {
        if (_count == 0) return;
        warn(FormattableString.Invariant($"{_count} images of column '{column}' are cut off; what could be decoded is used, ")
            + $"and the rest is blank. The first is {_first}.");
    }

    private static bool IsCut(string path)
    {
        try
        {
            return LacksEnd(path) && Decodes(path) == SKCodecResult.IncompleteInput;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false; // a tag that is no path of a file, or a file that has gone since
        }
    }

    private static bool LacksEnd(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length < LongestEnd) return true;
        Span<byte> start = stackalloc byte[LongestEnd], end = stackalloc byte[LongestEnd];
        file.ReadExactly(start);
        file.Seek(-LongestEnd, SeekOrigin.End);
        file.ReadExactly(end);
        return start switch // JPEG, PNG, GIF, WebP, BMP
        {
            [0xFF, 0xD8, ..] => end is not [.., 0xFF, 0xD9],
            [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => !end[4..8].SequenceEqual("IEND"u8),
            [(byte)'G', (byte)'I', (byte)'F', ..] => end[^1] != ';',
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] => BinaryPrimitives.ReadUInt32LittleEndian(start[4..]) + 8 > file.Length,
            [(byte)'B', (byte)'M', ..] => BinaryPrimitives.ReadUInt32LittleEndian(start[2..]) > file.Length,
            _ => false,
        };
    }

    private static SKCodecResult Decodes(string path)
    {
        using SKCodec? codec = SKCodec.Create(path, out SKCodecResult result);
        if (codec is null) return result;
        using var bitmap = new SKBitmap(codec.Info);
        return codec.GetPixels(codec.Info, bitmap.GetPixels());
    }
}
