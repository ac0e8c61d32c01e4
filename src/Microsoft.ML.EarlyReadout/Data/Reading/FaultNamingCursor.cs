using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A view's rows, images read ahead by several workers, with faults that name the column, the row and, where it can be known, the image
/// file: what a transform before us cannot read is told by ML.NET without any of them.
/// </summary>
internal sealed class FaultNamingCursor : DelegatingCursor
{
    private static readonly MethodInfo _present =
        typeof(FaultNamingCursor).GetMethod(nameof(PresentVector), BindingFlags.NonPublic | BindingFlags.Instance)!;

    // What ML.NET throws bears this mark. With another fault within, it says only that a thread that reads ahead has failed.
    private const string MarkOfMlNet = "ML_IsMarked";

    // Far more than ML.NET reads ahead, and seconds for those who wait for the message: what failed may have been no image.
    private const long RowsSearched = 20_000;
    private static readonly TimeSpan TimeSearched = TimeSpan.FromSeconds(10);

    private readonly IDataView _view;
    private readonly DataViewSchema.Column? _required;
    private readonly bool _isShuffled;
    private readonly bool _hasImages;
    private long _row = -1;

    /// <summary>Opens a cursor.</summary>
    /// <param name="view">The view.</param>
    /// <param name="columns">The columns to read.</param>
    /// <param name="required">The column among them that must have an image in every row, where it is one of images or of their
    /// pixels.</param>
    /// <param name="random">Shuffles the rows, where the view can.</param>
    /// <param name="threads">How many workers may read ahead; by default as many as there are processors.</param>
    public FaultNamingCursor(
        IDataView view, IEnumerable<DataViewSchema.Column> columns, DataViewSchema.Column? required = null, Random? random = null,
        int? threads = null)
        : base(ReadAheadCursor.Open(view, columns, random, threads ?? Environment.ProcessorCount))
    {
        (_view, _required, _isShuffled) = (view, required, random is not null);
        _hasImages = BrokenImage.CanBeIn(view.Schema);
    }

    public override bool MoveNext()
    {
        _row++;
        try
        {
            return base.MoveNext();
        }
        catch (Exception fault) when (IsOfData(fault))
        {
            // ML.NET reads rows ahead on other threads, and wraps what fails there: any of the next rows may be the one.
            if (FindNamed(fault) is { } named) ExceptionDispatchInfo.Throw(named);
            if (_hasImages && BrokenImage.Find(_view, _isShuffled ? 0 : _row, RowsSearched, TimeSearched) is { } broken)
                throw broken.Fault(_required ?? broken.Column, fault);
            if (fault.InnerException is not null && fault.Data.Contains(MarkOfMlNet)) throw Unplaced(fault);
            throw;
        }
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        ValueGetter<TValue> getter = base.GetGetter<TValue>(column);
        ValueGetter<TValue> named = (ref TValue value) =>
        {
            try
            {
                getter(ref value);
            }
            catch (Exception fault) when (IsOfData(fault))
            {
                throw Named(column, fault);
            }
        };
        return column.Index == _required?.Index ? Present(column, named) : named;
    }

    private static bool IsOfData(Exception fault) =>
        fault.GetBaseException() is not (OperationCanceledException or ObjectDisposedException or OutOfMemoryException);

    // What such a cursor before this one has named, under the wrappings of the transforms between them.
    private static InvalidDataException? FindNamed(Exception? fault)
    {
        while (fault is not (null or InvalidDataException)) fault = fault.InnerException;
        return fault as InvalidDataException;
    }

    private InvalidDataException Unplaced(Exception fault)
    {
        string row = _isShuffled ? "A row" : FormattableString.Invariant($"Row {_row} (counted from 0 in the data view) or one after it");
        return new InvalidDataException($"{row} cannot be read: {fault.GetBaseException().Message}", fault);
    }

    private ValueGetter<TValue> Present<TValue>(DataViewSchema.Column column, ValueGetter<TValue> getter)
    {
        if (getter is ValueGetter<MLImage> images) return (ValueGetter<TValue>)(object)PresentImage(column, images);
        // ExtractPixels writes a vector without a single number for a row without an image: zeros, if it is left to pass.
        return _hasImages && column.Type is VectorDataViewType { Dimensions.Length: 3 } vector
            ? (ValueGetter<TValue>)_present.MakeGenericMethod(vector.ItemType.RawType).Invoke(this, [column, getter])!
            : getter;
    }

    private ValueGetter<MLImage> PresentImage(DataViewSchema.Column column, ValueGetter<MLImage> getter) => (ref MLImage image) =>
    {
        getter(ref image);
        if (image is null) throw Named(column, null);
        if (BrokenImage.IsDisposed(image)) throw Named(column, null, BrokenImage.Disposed);
    };

    private ValueGetter<VBuffer<T>> PresentVector<T>(DataViewSchema.Column column, ValueGetter<VBuffer<T>> getter)
    {
        return (ref VBuffer<T> vector) =>
        {
            getter(ref vector);
            if (vector.Length > 0 && vector.GetValues().IsEmpty && Broken() is { } broken) throw broken.Fault(column, null);
        };
    }

    // The row itself; of shuffled rows, whose numbers in the view are not known, the first broken one.
    private BrokenImage? Broken() => _isShuffled
        ? BrokenImage.Find(_view, 0, RowsSearched, TimeSearched) : BrokenImage.Find(_view, _row, 1, TimeSearched);

    private InvalidDataException Named(DataViewSchema.Column column, Exception? fault, string unexplained = BrokenImage.Missing)
    {
        if (_hasImages && Broken() is { } broken) return broken.Fault(column, fault);
        return FeatureReader.Bad(column, _row, fault is null ? unexplained : $"cannot be read: {fault.GetBaseException().Message}", fault);
    }
}
