using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Brings images to the network's size by the stock transform that a saved model has for them. It only ever sees images of another
/// size: those of the right one it would hand on, and dispose with the next.</summary>
internal sealed class ImageResizer
{
    private readonly ValueGetter<MLImage> _getter;
    private MLImage? _source;
    private MLImage? _resized;

    public ImageResizer(ScoringColumns columns)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(columns.Feature, new ImageDataViewType());
        DataViewSchema schema = builder.ToSchema();
        IEstimator<ITransformer> resizing = ImageFormat.Resizing(new MLContext(), columns.Feature, (ImageShape)columns.Shape);
        IRowToRowMapper mapper = resizing.Fit(new EmptyView(schema)).GetRowToRowMapper(schema);
        DataViewSchema.Column sized = mapper.OutputSchema[ImageFormat.Sized(columns.Feature)];
        _getter = mapper.GetRow(new SourceRow(schema, () => _source!), [sized]).GetGetter<MLImage>(sized);
    }

    /// <summary>The resized image, valid until the next call.</summary>
    /// <param name="image">An image of another size; it stays the caller's.</param>
    public MLImage Resize(MLImage image)
    {
        _source = image;
        _getter(ref _resized!);
        return _resized;
    }

    private sealed class SourceRow(DataViewSchema schema, Func<MLImage> image) : DataViewRow
    {
        public override DataViewSchema Schema => schema;

        public override long Position => 0;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            (ValueGetter<TValue>)(object)(ValueGetter<MLImage>)((ref MLImage value) => value = image());

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = default;
    }
}
