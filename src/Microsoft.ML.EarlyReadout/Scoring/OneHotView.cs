using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// One row a class: its one-hot vector, and its label in a column that has the training label's name, classes and annotations. A stock trainer fitted on it
/// predicts keys with the training label's own key values. Stock trainers read keys of UInt32 alone, so that is its type whatever the label's.
/// </summary>
internal sealed class OneHotView : IDataView
{
    private const int FeaturesIndex = 1;
    private readonly int _classes;

    /// <param name="label">The label column of the training data, a key.</param>
    /// <param name="features">The name of the column of one-hot vectors.</param>
    /// <param name="classes">The number of classes.</param>
    public OneHotView(DataViewSchema.Column label, string features, int classes)
    {
        _classes = classes;
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

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(Schema, _classes);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [new Cursor(Schema, _classes)];

    private sealed class Cursor(DataViewSchema schema, int classes) : DataViewRowCursor
    {
        private long _position = -1;

        public override DataViewSchema Schema => schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override bool MoveNext() => ++_position < classes;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Delegate getter = column.Index == FeaturesIndex ? (ValueGetter<VBuffer<float>>)GetFeatures : (ValueGetter<uint>)GetLabel;
            return (ValueGetter<TValue>)getter;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        private void GetLabel(ref uint label) => label = (uint)_position + 1;

        private void GetFeatures(ref VBuffer<float> features)
        {
            VBufferEditor<float> editor = VBufferEditor.Create(ref features, classes);
            editor.Values.Clear();
            editor.Values[(int)_position] = 1;
            features = editor.Commit();
        }
    }
}
