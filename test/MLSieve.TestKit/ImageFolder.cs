using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>A folder of small PNG files of three classes, and views of them as users have them. The class says which of red, green and blue
/// is the brightest, under noise.</summary>
internal sealed class ImageFolder : IDisposable
{
    public const int Height = 8;
    public const int Width = 10;

    private static readonly string[] _classes = ["red", "green", "blue"];
    private readonly List<Row> _rows = [];

    public ImageFolder(int count)
    {
        var random = new Random(1);
        for (int i = 0; i < count; i++) Add($"{i:000}.png", Draw(Height, Width, i % 3, random), i % 3);
    }

    public MLContext Ml { get; } = new(seed: 1);

    public string Root { get; } = Directory.CreateTempSubdirectory("mlsieve-images-").FullName;

    public IReadOnlyList<Row> Rows => _rows;

    /// <summary>The file of a row.</summary>
    public string this[int row] => Path.Combine(Root, _rows[row].Path);

    /// <summary>Red, green, blue and alpha of an image of a class.</summary>
    public static byte[] Draw(int height, int width, int brightest, Random random)
    {
        var pixels = new byte[4 * height * width];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = (byte)(i % 4 == 3 ? 255 : random.Next(110) + (i % 4 == brightest ? 140 : 0));
        return pixels;
    }

    /// <summary>Adds a row and its file.</summary>
    public void Add(string name, byte[] pixels, int c, int height = Height, int width = Width)
    {
        using var image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
        image.Save(Path.Combine(Root, name));
        _rows.Add(new Row { Path = name, Class = _classes[c] });
    }

    /// <summary>Adds a row that names the file of another.</summary>
    public void Repeat(int row) => _rows.Add(_rows[row]);

    /// <summary>Lets a row name another file, or none.</summary>
    public void Rename(int row, string path) => _rows[row] = new Row { Path = path, Class = _rows[row].Class };

    /// <summary>Lets a row have no class.</summary>
    public void Unlabel(int row) => _rows[row] = new Row { Path = _rows[row].Path };

    /// <summary>Paths and keys of classes.</summary>
    public IDataView Paths() => Keyed(Ml.Data.LoadFromEnumerable(_rows));

    /// <summary>The images as <c>LoadImages</c> gives them, without a size.</summary>
    /// <param name="whole">Whether the rows name whole paths, and not files of a folder that only the transform knows.</param>
    public IDataView Images(bool whole = false)
    {
        IDataView paths = whole ? Keyed(Ml.Data.LoadFromEnumerable(_rows.Select(Whole).ToArray())) : Paths();
        return Apply(Ml.Transforms.LoadImages("Image", whole ? null : Root, "Path"), paths);
    }

    /// <summary>The images after <c>ResizeImages</c> to the size that they have.</summary>
    public IDataView Sized(bool whole = false) => Apply(Ml.Transforms.ResizeImages("Image", Width, Height), Images(whole));

    /// <summary>Their pixels, beside them.</summary>
    public IDataView Pixels(float offset = 0, float scale = 1, bool whole = false) => Apply(Ml.Transforms.ExtractPixels("Pixels", "Image",
        offsetImage: offset, scaleImage: scale), Sized(whole));

    public static IDataView Apply(IEstimator<ITransformer> estimator, IDataView view) => estimator.Fit(view).Transform(view);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private Row Whole(Row row) => new() { Path = row.Path.Length == 0 ? "" : Path.Combine(Root, row.Path), Class = row.Class };

    private IDataView Keyed(IDataView view) => Apply(Ml.Transforms.Conversion.MapValueToKey("Label", "Class"), view);

    internal sealed class Row
    {
        public string Path { get; set; } = "";

        public string Class { get; set; } = "";
    }
}
