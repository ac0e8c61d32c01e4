using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Images, whose pixels are copied out. By ML.NET's custom a getter disposes what it is handed back, and what it gave before may end with
/// it: <c>ResizeImages</c> hands an image of the right size on, and disposes it with the next row.
/// </summary>
internal sealed class ImageBuffer(ValueGetter<MLImage> source, int slots) : ColumnBuffer
{
    private readonly Slot[] _slots = new Slot[slots];
    private MLImage? _current;

    public override void Fill(int slot)
    {
        source(ref _current!);
        ref Slot kept = ref _slots[slot];
        if (_current is null)
        {
            kept = kept with { Bytes = 0 };
            return;
        }

        ReadOnlySpan<byte> pixels = _current.Pixels;
        if (kept.Pixels is null || kept.Pixels.Length < pixels.Length) kept.Pixels = GC.AllocateUninitializedArray<byte>(pixels.Length);
        pixels.CopyTo(kept.Pixels);
        (kept.Bytes, kept.Width, kept.Height) = (pixels.Length, _current.Width, _current.Height);
        (kept.Format, kept.Tag) = (_current.PixelFormat, _current.Tag);
    }

    public override long BytesIn(int slot) => _slots[slot].Bytes;

    /// <summary>Width and height of the slot's image.</summary>
    public (int Width, int Height) Size(int slot) => (_slots[slot].Width, _slots[slot].Height);

    /// <summary>Copies red, green and blue of the slot's image.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="column">The column, for the message.</param>
    /// <param name="destination">Receives height × width × 3 numbers.</param>
    /// <param name="layout">Whether the channels are planes or interleaved.</param>
    public void CopyTo(int slot, string column, Span<float> destination, ImageLayout layout) =>
        RgbPixels.Copy(_slots[slot].Pixels.AsSpan(0, _slots[slot].Bytes), _slots[slot].Format, column, destination, layout);

    /// <summary>Gives an image of its own to each reader of each row, and disposes it when that reader hands it back, as ML.NET's loader
    /// does.</summary>
    public override ValueGetter<MLImage> Getter(Func<Place> place)
    {
        MLImage? given = null;
        return (ref MLImage value) =>
        {
            if (given is not null && ReferenceEquals(value, given)) given.Dispose();
            Place at = place();
            value = given = ((ImageBuffer)at.Buffer).Image(at.Slot)!;
        };
    }

    /// <summary>A new image, the caller's own; <see langword="null"/> where the slot's row has none.</summary>
    public MLImage? Image(int slot)
    {
        ref readonly Slot kept = ref _slots[slot];
        if (kept.Bytes == 0) return null;
        MLImage image = MLImage.CreateFromPixels(kept.Width, kept.Height, kept.Format, kept.Pixels.AsSpan(0, kept.Bytes));
        image.Tag = kept.Tag;
        return image;
    }

    private struct Slot
    {
        public byte[]? Pixels;
        public int Bytes; // 0 where the row has no image
        public int Width;
        public int Height;
        public MLPixelFormat Format;
        public string? Tag;
    }
}
