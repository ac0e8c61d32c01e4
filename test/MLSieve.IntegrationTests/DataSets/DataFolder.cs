using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using SkiaSharp;
using Studies;

namespace MLSieve.Tests;

/// <summary>A temporary folder in the layout of a data set, written by a test.</summary>
internal sealed class DataFolder : IDisposable
{
    /// <summary>The folder.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("data-set-").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>The full path of a file.</summary>
    public string this[string relative] => Path.Combine(Root, relative);

    /// <summary>Writes a text file.</summary>
    public string Text(string relative, params IEnumerable<string> lines)
    {
        File.WriteAllText(Made(relative), string.Join("\n", lines) + "\n");
        return this[relative];
    }

    /// <summary>Writes a gzipped text file.</summary>
    public void Gzip(string relative, params IEnumerable<string> lines)
    {
        using var writer = new StreamWriter(new GZipStream(File.Create(Made(relative)), CompressionLevel.Fastest));
        foreach (string line in lines) writer.Write(line + "\n");
    }

    /// <summary>Writes a small JPEG with some detail, so that its bytes matter.</summary>
    public void Jpeg(string relative) => Image(relative, SKEncodedImageFormat.Jpeg);

    /// <summary>Writes the same as a PNG.</summary>
    public void Png(string relative) => Image(relative, SKEncodedImageFormat.Png);

    /// <summary>Cuts a file to half its bytes.</summary>
    public void Truncate(string relative)
    {
        using FileStream file = File.OpenWrite(this[relative]);
        file.SetLength(file.Length / 2);
    }

    /// <summary>The rows of a view, columns joined by <c>|</c>, paths relative to the folder.</summary>
    public string[] Rows(DataSet set, string? split = null)
    {
        IDataView view = set.ToDataView(new MLContext(1), split, TestContext.Current.CancellationToken);
        string[][] columns = [.. view.Schema.Select(column => view.GetColumn<string>(column.Name).ToArray())];
        return [.. Enumerable.Range(0, columns[0].Length)
            .Select(row => string.Join('|', columns.Select(column => column[row]))
                .Replace(Root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal))];
    }

    private void Image(string relative, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(64, 48);
        for (int y = 0; y < bitmap.Height; y++)
            for (int x = 0; x < bitmap.Width; x++)
                bitmap.SetPixel(x, y, new SKColor((byte)(4 * x), (byte)(5 * y), (byte)(x * y)));
        using FileStream file = File.Create(Made(relative));
        bitmap.Encode(file, format, 90);
    }

    private string Made(string relative)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[relative])!);
        return this[relative];
    }
}
