using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Studies;

/// <summary>
/// Decodes the images of a data set. Where it has no attribute, the group column holds one value and the groups are the classes.
/// </summary>
internal static class DecodedImages
{
    /// <summary>Reads one split: each image scaled and cropped at the centre to a square.</summary>
    /// <param name="set">The data set.</param>
    /// <param name="split">One of <see cref="Splits"/>.</param>
    /// <param name="side">Side of the square in pixels.</param>
    /// <param name="limit">At most so many images, evenly spread over the split; 0 for all.</param>
    /// <exception cref="InvalidDataException">Images are missing or corrupt; all of them are counted.</exception>
    public static PackedImages Read(DataSet set, string split, int side, int limit)
    {
        var ml = new MLContext(seed: 0);
        IReadOnlyList<Example> examples = set.Of(split);
        if (limit > 0 && limit < examples.Count)
            examples = [.. Enumerable.Range(0, limit).Select(i => examples[(int)((long)i * examples.Count / limit)])];

        PackedImages packed = PackedImages.Allocate(examples.Count, 3, side, side) with
        {
            Pairs = examples.Any(example => example.Pair is not null) ? [.. examples.Select(example => example.Pair ?? "")] : null,
        };
        IDataView paths = set.ToDataView(ml, examples);
        IDataView decoded = ml.Transforms.LoadImages("Image", imageFolder: null, "Path")
            .Append(ml.Transforms.ResizeImages(
                "Image", side, side, resizing: ImageResizingEstimator.ResizingKind.IsoCrop,
                cropAnchor: ImageResizingEstimator.Anchor.Center))
            .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
            .Fit(paths)
            .Transform(paths);
        int image = 0;
        foreach (VBuffer<float> pixels in decoded.GetColumn<VBuffer<float>>("Pixels")) Narrow(pixels.GetValues(), packed[image++]);
        paths.GetColumn<string>("Label").ToArray().CopyTo(packed.Labels, 0);
        paths.GetColumn<string>("Attribute").ToArray().CopyTo(packed.Cues, 0);
        return packed;
    }

    private static void Narrow(ReadOnlySpan<float> from, Span<byte> to)
    {
        for (int i = 0; i < from.Length; i++) to[i] = (byte)from[i];
    }
}
