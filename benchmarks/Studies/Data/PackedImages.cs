using Microsoft.ML;
using Microsoft.ML.Data;

namespace Studies;

/// <summary>
/// Images in memory as bytes, planar (C, H, W) as <c>ExtractPixels</c> writes them, with label and group of each. Made once and turned into
/// as many views as there are seeds and settings.
/// </summary>
/// <param name="Channels">Channels of an image.</param>
/// <param name="Height">Its height in pixels.</param>
/// <param name="Width">Its width in pixels.</param>
/// <param name="Pixels">All pixels, image after image.</param>
/// <param name="Labels">The class name of each image.</param>
/// <param name="Cues">What the spurious attribute of each image does: agrees or conflicts with the label.</param>
internal sealed record PackedImages(int Channels, int Height, int Width, byte[] Pixels, string[] Labels, string[] Cues)
{
    /// <summary>
    /// What images of the same thing with another attribute have in common, empty for an image without such a partner;
    /// <see langword="null"/> where no image has one.
    /// </summary>
    public string[]? Pairs { get; init; }

    /// <summary>Images.</summary>
    public int Count => Labels.Length;

    /// <summary>Bytes in one image.</summary>
    public int Size => Channels * Height * Width;

    /// <summary>Makes an empty block of images, to be filled.</summary>
    public static PackedImages Allocate(int count, int channels, int height, int width) =>
        new(channels, height, width, new byte[count * channels * height * width], new string[count], new string[count]);

    /// <summary>The pixels of one image: (C, H, W).</summary>
    public Span<byte> this[int image] => Pixels.AsSpan(image * Size, Size);

    /// <summary>
    /// A view of the images: Pixels Vector&lt;Single, C, H, W&gt;, Label text, Cue text, and Pair text where there are pairs.
    /// </summary>
    public IDataView ToDataView(MLContext ml)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Pixels)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Channels, Height, Width);
        if (Pairs is null) schema.Remove(schema[nameof(Row.Pair)]);
        return ml.Data.LoadFromEnumerable(Rows(), schema);
    }

    // ML.NET copies what it reads, so one row with one buffer serves a whole pass.
    private IEnumerable<Row> Rows()
    {
        var row = new Row { Pixels = new float[Size] };
        for (int image = 0; image < Count; image++)
        {
            Widen(this[image], row.Pixels);
            row.Label = Labels[image];
            row.Cue = Cues[image];
            row.Pair = Pairs?[image] ?? "";
            yield return row;
        }
    }

    private static void Widen(ReadOnlySpan<byte> from, float[] to)
    {
        for (int i = 0; i < from.Length; i++) to[i] = from[i];
    }

    private sealed class Row
    {
        public float[] Pixels { get; set; } = [];

        public string Label { get; set; } = "";

        public string Cue { get; set; } = "";

        public string Pair { get; set; } = "";
    }
}
