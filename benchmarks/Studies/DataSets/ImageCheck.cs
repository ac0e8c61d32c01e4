using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Studies;

/// <summary>Which images of some rows are missing or cannot be decoded to their end: all of them, not the first.</summary>
/// <param name="Images">Images looked at.</param>
/// <param name="Missing">Paths at which there is no file, in order.</param>
/// <param name="Corrupt">Files that are no image or end too early, each with the decoder's word for it, in order.</param>
internal sealed record ImageCheck(int Images, IReadOnlyList<string> Missing, IReadOnlyList<string> Corrupt)
{
    private const int Named = 10;
    private const float Scale = 0.125f; // the smallest that JPEG decodes directly; it still reads the file to its end

    /// <summary>Looks at every image of the rows; rows of text have none.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ImageCheck Of(IReadOnlyList<Example> examples, CancellationToken cancellation = default)
    {
        string[] paths = [.. examples.Select(example => example.Path).OfType<string>().Distinct()];
        ConcurrentBag<string> missing = [];
        ConcurrentBag<string> corrupt = [];
        Parallel.ForEach(
            paths, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, path =>
            {
                if (!File.Exists(path))
                    missing.Add(path.Length == 0 ? "a row without a path" : Directory.Exists(path) ? $"{path}, a folder" : path);
                else if (Decode(path) is var result and not SKCodecResult.Success) corrupt.Add($"{path} ({result})");
            });
        return new ImageCheck(paths.Length, [.. missing.Order(StringComparer.Ordinal)], [.. corrupt.Order(StringComparer.Ordinal)]);
    }

    /// <summary>Ends here where an image is missing or corrupt.</summary>
    /// <exception cref="InvalidDataException">One is; the message counts all and names the first ones.</exception>
    public void ThrowIfFaulty(string dataSet)
    {
        if (Missing.Count + Corrupt.Count > 0) throw new InvalidDataException($"{dataSet}: {this}");
    }

    /// <summary>Such as <c>2 of 600 images cannot be read. Missing: 1 (a.jpg). Corrupt: 1 (b.jpg (IncompleteInput)).</c></summary>
    public override string ToString() => Missing.Count + Corrupt.Count == 0
        ? string.Create(CultureInfo.InvariantCulture, $"all {Images:N0} images can be read.")
        : FormattableString.Invariant($"{Missing.Count + Corrupt.Count:N0} of {Images:N0} images cannot be read.")
            + List("Missing", Missing) + List("Corrupt", Corrupt);

    private static string List(string what, IReadOnlyList<string> paths)
    {
        if (paths.Count == 0) return "";
        string rest = paths.Count > Named ? string.Create(CultureInfo.InvariantCulture, $" and {paths.Count - Named:N0} more") : "";
        return string.Create(CultureInfo.InvariantCulture, $" {what}: {paths.Count:N0} ({string.Join(", ", paths.Take(Named))}{rest}).");
    }

    private static SKCodecResult Decode(string path)
    {
        using SKCodec? codec = SKCodec.Create(path, out SKCodecResult opened);
        if (codec is null) return opened;
        SKSizeI size = codec.GetScaledDimensions(Scale);
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        unsafe
        {
            void* pixels = NativeMemory.Alloc((nuint)info.BytesSize);
            try
            {
                return codec.GetPixels(info, (nint)pixels);
            }
            finally
            {
                NativeMemory.Free(pixels);
            }
        }
    }
}
