using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a file is that was meant to be a model, where a download went wrong or it was packed; told by its first bytes.</summary>
internal static class ForeignFile
{
    private const int BeginningBytes = 1024;
    private const int TarMark = 257;

    private static readonly byte[] _gzip = [0x1f, 0x8b];
    private static readonly byte[] _xz = [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];
    private static readonly byte[] _zstd = [0x28, 0xb5, 0x2f, 0xfd];

    /// <summary>What it is and what to do, or <see langword="null"/> where it is none of those known.</summary>
    /// <param name="file">The file; its position is changed.</param>
    public static string? Describe(FileStream file)
    {
        ReadOnlySpan<byte> first = Beginning(file);
        if (first.IsEmpty) return "it is empty. The download or copy that made it may have failed";
        if (first.StartsWith("version https://git-lfs"u8))
            return "it is a Git LFS pointer, not the file itself. Run 'git lfs pull' in its repository, or download the file from the site";
        if (first.StartsWith(_gzip)) return Packed("gzip", "gunzip");
        if (first.StartsWith("BZh"u8)) return Packed("bzip2", "bunzip2");
        if (first.StartsWith(_xz)) return Packed("xz", "unxz");
        if (first.StartsWith(_zstd)) return Packed("zstd", "unzstd");
        if (first.Length > TarMark && first[TarMark..].StartsWith("ustar"u8))
            return "it is a tar archive. Extract it (tar -xf) and give the file in it";
        string text = Text(first);
        if (Starts("<!doctype html") || Starts("<html"))
            return "it is a web page (HTML), such as a site shows in place of the download. Download the file again by its direct link";
        return Starts("<?xml")
            ? "it is an XML text, such as a storage service answers with when it refuses a download. Download the file again"
            : null;

        bool Starts(string with) => text.StartsWith(with, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The file's first bytes.</summary>
    public static ReadOnlySpan<byte> Beginning(FileStream file)
    {
        byte[] beginning = new byte[BeginningBytes];
        file.Position = 0;
        return beginning.AsSpan(0, file.ReadAtLeast(beginning, BeginningBytes, throwOnEndOfStream: false));
    }

    /// <summary>Bytes as text, without what may stand before its first letter.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes).TrimStart('\ufeff', ' ', '\t', '\r', '\n');

    private static string Packed(string format, string program) =>
        $"it is compressed ({format}). Unpack it ({program}) and give what is in it";
}
