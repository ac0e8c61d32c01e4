using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Studies;

/// <summary>
/// Biased Action Recognition: photographs of six actions. In the training split the place goes with the action, in the test split it does not.
/// There is no bias label per image, so the group column holds one value and the groups are the classes.
/// </summary>
internal static class BarImages
{
    private const string NoCue = "all";

    /// <summary>Reads one official split: each image scaled and cropped at the centre to a square.</summary>
    /// <param name="folder">The folder with <c>manifest.csv</c> and the images.</param>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <param name="side">Side of the square in pixels.</param>
    /// <param name="limit">At most so many images, evenly spread over the split; 0 for all.</param>
    /// <param name="cancellation">Stops reading.</param>
    public static PackedImages Read(string folder, string split, int side, int limit, CancellationToken cancellation)
    {
        var ml = new MLContext(seed: 0);
        Entry[] entries = [.. ml.Data.CreateEnumerable<Entry>(
            ml.Data.LoadFromTextFile<Entry>(Path.Combine(folder, "manifest.csv"), ',', hasHeader: true, allowQuoting: true), reuseRowObject: false)
            .Where(entry => entry.Split == split)];
        if (entries.Length == 0) throw new InvalidDataException($"{folder}: manifest.csv has no row of split '{split}'.");
        if (limit > 0 && limit < entries.Length) entries = [.. Enumerable.Range(0, limit).Select(i => entries[(int)((long)i * entries.Length / limit)])];

        PackedImages packed = PackedImages.Allocate(entries.Length, 3, side, side);
        IDataView decoded = ml.Transforms.LoadImages("Image", folder, nameof(Entry.File))
            .Append(ml.Transforms.ResizeImages("Image", side, side, resizing: ImageResizingEstimator.ResizingKind.IsoCrop, cropAnchor: ImageResizingEstimator.Anchor.Center))
            .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
            .Fit(ml.Data.LoadFromEnumerable(entries))
            .Transform(ml.Data.LoadFromEnumerable(entries));
        int image = 0;
        foreach (VBuffer<float> pixels in decoded.GetColumn<VBuffer<float>>("Pixels"))
        {
            cancellation.ThrowIfCancellationRequested();
            Narrow(pixels.GetValues(), packed[image]);
            packed.Labels[image] = entries[image].Label;
            packed.Cues[image] = NoCue;
            image++;
        }

        return packed;
    }

    private static void Narrow(ReadOnlySpan<float> from, Span<byte> to)
    {
        for (int i = 0; i < from.Length; i++) to[i] = (byte)from[i];
    }

    private sealed class Entry
    {
        [LoadColumn(0)] public string File { get; set; } = "";

        [LoadColumn(1)] public string Split { get; set; } = "";

        [LoadColumn(2)] public string Label { get; set; } = "";
    }
}
