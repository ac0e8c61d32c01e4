using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A training batch as a view: the feature column has the batch's examples, as the training view has its own; no other column has a
/// value, though the schema names it, so that transforms which were fitted to the training view find what they know.
/// </summary>
/// <param name="schema">The schema of the training view.</param>
/// <param name="feature">Its feature column: vectors or images.</param>
/// <param name="shape">The shape of an example.</param>
/// <param name="features">(B, …), uint8 or float32, on the CPU; it must live as long as the view is read.</param>
internal sealed class BatchView(DataViewSchema schema, DataViewSchema.Column feature, FeatureShape shape, Tensor features) : IDataView
{
    public DataViewSchema Schema => schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => features.size(0);

    /// <exception cref="ArgumentException">A column other than the feature column is needed.</exception>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        if (columnsNeeded.Where(column => column.Index != feature.Index).Select(column => column.Name).FirstOrDefault() is { } other)
        {
            throw new ArgumentException(
                $"With Augmentation the teacher scores the images that the student sees, and so can read the column "
                    + $"'{feature.Name}' alone; it reads '{other}' too. Give a teacher of that column alone, or switch Augmentation off.");
        }

        return new Cursor(this, feature, shape);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private void Read(long row, Span<float> values)
    {
        if (features.dtype == ScalarType.Byte) PixelPacking.Widen(features.bytes.Slice((int)row * shape.Size, shape.Size), values);
        else MemoryMarshal.Cast<byte, float>(features.bytes).Slice((int)row * shape.Size, shape.Size).CopyTo(values);
    }

    private sealed class Cursor(BatchView view, DataViewSchema.Column feature, FeatureShape shape) : DataViewRowCursor
    {
        private readonly List<MLImage> _images = []; // each is its reader's to look at until the cursor ends
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index == feature.Index;

        public override bool MoveNext() => ++_position < view.GetRowCount();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Delegate getter = FeatureFormat.Of(feature.Type) switch
            {
                VectorFormat => (ValueGetter<VBuffer<float>>)GetVector,
                ImageFormat => (ValueGetter<MLImage>)GetImage,
                TextFormat => throw new UnreachableException("Texts are not augmented, so that no teacher is asked about changed ones."),
                _ => throw new UnreachableException($"No getter of {feature.Type}."),
            };
            return getter as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"Column '{column.Name}' is of type {column.Type}, not {typeof(TValue)}.");
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        protected override void Dispose(bool disposing)
        {
            if (disposing) foreach (MLImage image in _images) image.Dispose();
            base.Dispose(disposing);
        }

        private void GetVector(ref VBuffer<float> value)
        {
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, shape.Size);
            view.Read(_position, editor.Values);
            value = editor.Commit();
        }

        private void GetImage(ref MLImage value)
        {
            var image = (ImageShape)shape;
            var numbers = new float[shape.Size];
            view.Read(_position, numbers);
            _images.Add(value = RgbPixels.Image(numbers, image.Height, image.Width));
        }
    }
}
