using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Holds rows of a cursor that are read ahead of their consumer: the values of the columns that it may ask for. What fails on a row is held
/// as well, and thrown where the row's value is asked for.
/// </summary>
/// <param name="input">The cursor.</param>
/// <param name="slots">How many rows it holds.</param>
/// <param name="columns">The columns; by default all that are active.</param>
/// <threadsafety>Slots are independent of each other: one may be read while another is filled.</threadsafety>
internal sealed class RowBuffer(DataViewRow input, int slots, Func<DataViewSchema.Column, bool>? columns = null)
{
    private readonly ColumnBuffer?[] _columns =
        [.. input.Schema.Select(column => (columns ?? input.IsColumnActive)(column) ? ColumnBuffer.Create(input, column, slots) : null)];

    private readonly Exception?[]?[] _faults = new Exception?[slots][]; // then by column
    private readonly ValueGetter<DataViewRowId> _id = input.GetIdGetter();
    private readonly DataViewRowId[] _ids = new DataViewRowId[slots];

    /// <summary>Keeps the cursor's row.</summary>
    /// <param name="slot">Where.</param>
    /// <returns>The bytes of its images and vectors.</returns>
    public long Fill(int slot)
    {
        long bytes = 0;
        _faults[slot] = null;
        for (int i = 0; i < _columns.Length; i++)
        {
            if (_columns[i] is not { } column) continue;
            try
            {
                column.Fill(slot);
                bytes += column.BytesIn(slot);
            }
            catch (Exception fault)
            {
                (_faults[slot] ??= new Exception?[_columns.Length])[i] = fault;
            }
        }

        _id(ref _ids[slot]);
        return bytes;
    }

    /// <summary>Whether a column's values are kept.</summary>
    public bool IsActive(DataViewSchema.Column column) => _columns[column.Index] is not null;

    /// <summary>The values of a column that is kept, for who asks <see cref="ThrowIfFailed"/> before.</summary>
    public ColumnBuffer Column(DataViewSchema.Column column) => _columns[column.Index]!;

    /// <summary>Throws what failed on a row's value.</summary>
    public void ThrowIfFailed(int slot, DataViewSchema.Column column)
    {
        if (_faults[slot]?[column.Index] is { } fault) ExceptionDispatchInfo.Throw(fault);
    }

    /// <summary>The identity of a row.</summary>
    public DataViewRowId Id(int slot) => _ids[slot];

    /// <summary>A getter of kept values, for one reader of a column.</summary>
    /// <param name="column">The column.</param>
    /// <param name="place">Gives where the reader's row is: the slot of a buffer, this one or another over the same columns.</param>
    public ValueGetter<T> Getter<T>(DataViewSchema.Column column, Func<(RowBuffer Rows, int Slot)> place)
    {
        int index = column.Index;
        if (_columns[index] is not { } kept)
            throw new InvalidOperationException($"Column '{column.Name}' was not asked for when the cursor was made.");
        ValueGetter<T> getter = kept.Getter(Kept) as ValueGetter<T>
            ?? throw new InvalidOperationException(
                $"Column '{column.Name}' is {column.Type}; its values cannot be read as {typeof(T)}.");
        return (ref T value) =>
        {
            (RowBuffer rows, int slot) = place();
            rows.ThrowIfFailed(slot, column);
            getter(ref value);
        };

        ColumnBuffer.Place Kept()
        {
            (RowBuffer rows, int slot) = place();
            return new(rows._columns[index]!, slot);
        }
    }
}
