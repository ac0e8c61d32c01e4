using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A view that many fits are over, at once or one after the other, as training or as validation rows: its rows are read once, and packed
/// once for each way in which they are packed. To all others it is the view that it was made of. What is made of it, such as
/// by a transform, is read as any view is.
/// </summary>
/// <threadsafety>Thread-safe. <see cref="Dispose"/> frees what no fit uses any more, and lets fits that have their rows
/// finish.</threadsafety>
internal sealed class PackedView : IDataView, IDisposable
{
    private readonly IDataView _view;
    private readonly PackedSets _sets;
    private readonly object? _maker;

    /// <param name="view">The view. It must give the same rows whenever it is read.</param>
    public PackedView(IDataView view) : this(view, new PackedSets(), null) => ArgumentNullException.ThrowIfNull(view);

    private PackedView(IDataView view, PackedSets sets, object? maker) => (_view, _sets, _maker) = (view, sets, maker);

    public DataViewSchema Schema => _view.Schema;

    public bool CanShuffle => _view.CanShuffle;

    public long? GetRowCount() => _view.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        _view.GetRowCursor(columnsNeeded, rand);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        _view.GetRowCursorSet(columnsNeeded, n, rand);

    /// <summary>This view with columns that a method adds, whose packed rows go with this one's.</summary>
    /// <param name="extended">The view with the columns.</param>
    /// <param name="maker">Who made them: equal where they are.</param>
    public PackedView With(IDataView extended, object maker) => new(extended, _sets, maker);

    /// <summary>The packed rows, read by the first fit that asks. Its log and warnings tell what was found; the memory budget of the first
    /// is that of all. The caller disposes what it is given, as if it had read it.</summary>
    /// <inheritdoc cref="TrainingSet.Read"/>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public TrainingSet Read(
        TrainingColumns columns, InputOptions input, MemoryBudget budget, Action<string> log, Action<string> warn,
        Cancellation cancellation, TrainingSet? like)
    {
        cancellation.ThrowIfRequested();
        bool isFirst = false;
        TrainingSet set = _sets.Share(Packing.Of(columns, input, like, _maker), Read, budget, cancellation);
        if (!isFirst) log(FormattableString.Invariant($"Another fit has read and packed these {set.Count} rows; they are used again."));
        return set;

        TrainingSet Read(MemoryBudget common)
        {
            isFirst = true;
            return new TrainingSetReader(_view, columns, input, common, log, warn, like).Read(cancellation);
        }
    }

    /// <inheritdoc cref="PackedSets.GetOrCreate"/>
    public T GetOrCreate<T>(string name, Func<T> make, Cancellation cancellation) where T : class =>
        _sets.GetOrCreate(name, make, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _sets.Dispose();
}
