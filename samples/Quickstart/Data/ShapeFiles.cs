using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Quickstart;

/// <summary>Writes and reads a data set as people have theirs: a folder of PNG files and a csv that names them.</summary>
internal static class ShapeFiles
{
    /// <summary>The cue of an image whose background is that of its shape.</summary>
    public const string Agrees = "agrees";

    /// <summary>The cue of an image whose background is that of another shape.</summary>
    public const string Conflicts = "conflicts";

    /// <summary>Writes <c>FOLDER/NAME/*.png</c> and <c>FOLDER/NAME.csv</c> with the columns Path, Shape, Background, Cue.</summary>
    /// <returns>The path of the csv; its image paths are relative to <paramref name="folder"/>.</returns>
    public static string Write(string folder, string name, IReadOnlyList<ShapeSample> samples, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.Combine(folder, name));
        var csv = new StringBuilder("Path,Shape,Background,Cue\n");
        for (int i = 0; i < samples.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            ShapeSample sample = samples[i];
            string image = $"{name}/{i:D5}.png";
            using (SKBitmap bitmap = ShapePainter.Paint(sample))
            using (FileStream file = File.Create(Path.Combine(folder, image)))
                bitmap.Encode(file, SKEncodedImageFormat.Png, quality: 100);
            csv.Append(image)
                .Append(',')
                .Append(BiasedShapes.Shapes[sample.Shape])
                .Append(',')
                .Append(BiasedShapes.Backgrounds[sample.Background])
                .Append(',').Append(sample.Agrees ? Agrees : Conflicts).Append('\n');
        }

        string path = Path.Combine(folder, name + ".csv");
        File.WriteAllText(path, csv.ToString());
        return path;
    }

    /// <summary>A view of the csv with ML.NET's own text loader; the images are read when a pipeline asks for them.</summary>
    public static IDataView Read(MLContext ml, string csv) => ml.Data.LoadFromTextFile(
        csv,
        [
            new TextLoader.Column("Path", DataKind.String, 0),
            new TextLoader.Column("Shape", DataKind.String, 1),
            new TextLoader.Column("Background", DataKind.String, 2),
            new TextLoader.Column("Cue", DataKind.String, 3),
        ],
        separatorChar: ',',
        hasHeader: true);
}
