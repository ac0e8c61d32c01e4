using System.IO.Compression;

namespace Studies;

/// <summary>Finds and opens the files of a data set, plain or gzipped.</summary>
internal static class DataFile
{
    /// <summary>The first of the names that is there, as it is or with <c>.gz</c>.</summary>
    /// <exception cref="FileNotFoundException">None is.</exception>
    public static string Find(string folder, params string[] names) =>
        names.SelectMany(name => new[] { name, name + ".gz" }).Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"{folder} has no {string.Join(" or ", names)} (also tried: .gz).");

    /// <summary>Opens a text file; a name that ends in <c>.gz</c> is unpacked on the way.</summary>
    public static StreamReader OpenText(string path)
    {
        FileStream file = File.OpenRead(path);
        return new StreamReader(
            path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    /// <summary>The images in a folder itself, in the order of their names.</summary>
    public static IEnumerable<string> Images(string folder) => Directory.EnumerateFiles(folder)
        .Where(path => Path.GetExtension(path).ToUpperInvariant() is ".JPG" or ".JPEG" or ".PNG" or ".BMP" or ".WEBP")
        .Order(StringComparer.Ordinal);
}
