using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// One row a class: a vector with one number at the class's place, and its label in a column that has the training label's name, classes
/// and annotations. A stock trainer fitted on it
/// predicts keys with the training label's own key values. Stock trainers read keys of UInt32 alone, so that is its type whatever the
/// label's.
/// </summary>
internal sealed class OneHotView : IDataView
{
    private const int FeaturesIndex = 1;
    private readonly int _classes;
    private readonly Cancellation? _cancellation;

    /// <param name="label">The label column of the training data, a key.</param>
    /// <param name="features">The name of the column of vectors.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="cancellation">Looked at whenever a row is read: the only way to stop a stock trainer.</param>
    public OneHotView(DataViewSchema.Column label, string features, int classes, Cancellation? cancellation = null)
    {
        _classes = classes;
        _cancellation = cancellation;
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(label.Name, new KeyDataViewType(typeof(uint), classes), label.Annotations);
        builder.AddColumn(features, HeadInputType(classes));
        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    /// <summary>The type of the column that the stock OnnxTransformer makes of an output of shape (N, classes).</summary>
    public static VectorDataViewType HeadInputType(int classes) => new(NumberDataViewType.Single, 1, classes);

    public long? GetRowCount() => _classes;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [new Cursor(this)];

    private sealed class Cursor(OneHotView view) : DataViewRowCursor
    {
        // A trainer's first step has length 1 whatever the number of classes, and it doubles it while the loss falls by enough: with
        // numbers of this size that is soon over.
        private readonly float _number = 8 * MathF.Sqrt(view._classes);
        private long _position = -1;

        public override DataViewSchema Schema => view.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override bool MoveNext()
        {
            view._cancellation?.ThrowIfRequested();
            return ++_position < view._classes;
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Delegate getter = column.Index == FeaturesIndex ? (ValueGetter<VBuffer<float>>)GetFeatures : (ValueGetter<uint>)GetLabel;
            return (ValueGetter<TValue>)getter;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        private void GetLabel(ref uint label) => label = (uint)_position + 1;

        private void GetFeatures(ref VBuffer<float> features)
        {
            VBufferEditor<float> editor = VBufferEditor.Create(ref features, view._classes, 1);
            editor.Indices[0] = (int)_position;
            editor.Values[0] = _number;
            features = editor.Commit();
        }
    }
}
