using SkiaSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The file that a row names for its image.</summary>
/// <param name="Path">Its path; empty where the row names none, <see langword="null"/> where it is not known which text of the row names
/// it.</param>
/// <param name="Words">What is known of it, a sentence.</param>
internal sealed record ImageFile(string? Path, string Words)
{
    /// <summary>What is wrong with it; <see langword="null"/> where it looks well, or is not known.</summary>
    public string? Fault
    {
        get
        {
            if (Path is null) return null;
            if (Path.Length == 0) return Words;
            if (Directory.Exists(Path)) return $"'{Path}' is a folder";
            if (!File.Exists(Path)) return $"there is no file '{Path}'";
            if (new FileInfo(Path).Length == 0) return $"the file '{Path}' is empty";
            using SKCodec? codec = SKCodec.Create(Path, out SKCodecResult result);
            return codec is not null ? null
                : result == SKCodecResult.IncompleteInput ? $"the file '{Path}' is cut off"
                : IsTiff(Path) ? $"the file '{Path}' is a TIFF, which ML.NET does not decode: save it as PNG or JPEG"
                : $"the file '{Path}' is not an image that can be decoded";
        }
    }

    // Scanners and microscopes write it, so users have it.
    private static bool IsTiff(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[4];
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
            && (head.SequenceEqual("II*\0"u8) || head.SequenceEqual("MM\0*"u8));
    }
}
