using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Packs images as planes of red, green and blue bytes.</summary>
/// <param name="cursor">The cursor, which knows that each row must have an image.</param>
/// <param name="column">The column of images.</param>
internal sealed class ImageReader(FaultNamingCursor cursor, DataViewSchema.Column column) : FeatureReader
{
    private readonly ValueGetter<MLImage> _getter = cursor.GetGetter<MLImage>(column);
    private readonly TruncatedImages _cut = new();
    private ImageShape? _shape;
    private byte[] _planes = [];

    // Handed back to the getter each time: by ML.NET's custom a loader disposes there the image that it made before, and only it knows
    // which are its own.
    private MLImage? _image;
    private long _current = -1;

    /// <inheritdoc/>
    public override FeatureShape ShapeOf(long row)
    {
        var image = Load(row);
        return FeatureShape.Image(3, image.Height, image.Width);
    }

    /// <inheritdoc/>
    public override void Read(long row, RowPacker packer)
    {
        var image = Load(row);
        var shape = (ImageShape)packer.Shape;
        if (image.Height != shape.Height || image.Width != shape.Width)
        {
            throw Bad(column, row, FormattableString.Invariant(
                $"is an image of {image.Width}×{image.Height} pixels; expected {shape.Width}×{shape.Height} (width×height). Add ")
                    + "ResizeImages before the trainer.");
        }
        if (_shape != shape)
            (_shape, _planes) = (shape, new byte[shape.Size]);
        RgbPixels.Copy<byte>(image, column.Name, _planes, ImageLayout.ChannelsFirst);
        packer.Add(_planes);
        _cut.Check(image, row);
    }

    /// <inheritdoc/>
    public override void ReportFindings(Action<string> log, Action<string> warn) => _cut.Report(column.Name, warn);

    private MLImage Load(long row)
    {
        if (_current != row)
        {
            _getter(ref _image!);
            _current = row;
        }
        return _image!;
    }
}
