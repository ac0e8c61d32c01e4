using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Packs rows as they are read: images as bytes while every number is an integer from 0 to 255, else as float32, a row of mostly zeros as a
/// <see cref="SparseRow"/>; texts as tokens, each row as long as it is.
/// </summary>
/// <param name="shape">The shape of a row.</param>
/// <param name="budget">The memory for them. Widening bytes to floats holds both for a moment: up to a quarter more.</param>
internal sealed class RowPacker(FeatureShape shape, MemoryBudget budget) : IDisposable
{
    private readonly byte[] _bytes = new byte[shape.StoredType == ScalarType.Byte ? shape.Size : 0];
    private RowStore _store = new(budget);
    private byte[] _packed = [];
    private float[] _dense = [];

    /// <summary>The shape of a row.</summary>
    public FeatureShape Shape => shape;

    /// <summary>The type of the numbers that are stored: the shape's, until some do not fit it; then float32.</summary>
    public ScalarType StoredType { get; private set; } = shape.StoredType;

    /// <summary>The smallest number of the images added; +∞ for shapes without a range.</summary>
    public float Smallest { get; private set; } = float.PositiveInfinity;

    /// <summary>The largest number of the images added; −∞ for shapes without a range.</summary>
    public float Largest { get; private set; } = float.NegativeInfinity;

    /// <summary>Adds a row of pixels.</summary>
    /// <param name="row">Its bytes.</param>
    public void Add(ReadOnlySpan<byte> row)
    {
        (Smallest, Largest) = (Math.Min(Smallest, TensorPrimitives.Min(row)), Math.Max(Largest, TensorPrimitives.Max(row)));
        _store.Append(row);
    }

    /// <summary>Adds a row of tokens.</summary>
    /// <param name="tokens">The tokens, without padding.</param>
    public void Add(ReadOnlySpan<int> tokens) => _store.Append(MemoryMarshal.AsBytes(tokens));

    /// <summary>Adds a row of numbers.</summary>
    /// <param name="row">The numbers.</param>
    /// <returns>The slot of the first number that is NaN or infinite, in which case the row is not added; else −1.</returns>
    public int Add(ReadOnlySpan<float> row)
    {
        if (HoldsBytes && PixelPacking.TryNarrow(row, _bytes))
        {
            Add(_bytes);
            return -1;
        }
        if (PixelPacking.IndexOfNonFinite(row) is >= 0 and int slot)
            return slot;
        if (HoldsBytes)
            Widen();
        Note(row);
        Append(row);
        return -1;
    }

    /// <summary>Adds a row of numbers most of which are zero.</summary>
    /// <param name="places">The places of the others, ascending.</param>
    /// <param name="values">The others.</param>
    /// <returns>The slot of the first number that is NaN or infinite, in which case the row is not added; else −1.</returns>
    public int Add(ReadOnlySpan<int> places, ReadOnlySpan<float> values)
    {
        int others = SparseRow.CountOthers(values);
        if (HoldsBytes || !SparseRow.IsWorthwhile(others, shape.Size))
        {
            _dense = _dense.Length == 0 ? new float[shape.Size] : _dense;
            Array.Clear(_dense);
            for (int i = 0; i < places.Length; i++)
                _dense[places[i]] = values[i];
            return Add(_dense);
        }
        if (PixelPacking.IndexOfNonFinite(values) is >= 0 and int bad)
            return places[bad];
        Note(values);
        Note([0]);
        AppendSparse(others, places, values);
        return -1;
    }

    /// <summary>Ends packing and hands the rows over.</summary>
    public PackedRows Finish()
    {
        _store.EndWriting();
        var rows = new PackedRows(_store, shape, StoredType);
        _store = new(budget);
        return rows;
    }

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();

    private bool HoldsBytes => StoredType == ScalarType.Byte;

    private void Note(ReadOnlySpan<float> numbers)
    {
        if (shape.HasValueRange && numbers.Length > 0)
            (Smallest, Largest) = (Math.Min(Smallest, TensorPrimitives.Min(numbers)), Math.Max(Largest, TensorPrimitives.Max(numbers)));
    }

    private void Append(ReadOnlySpan<float> row)
    {
        int others = SparseRow.CountOthers(row);
        if (SparseRow.IsWorthwhile(others, row.Length)) AppendSparse(others, [], row);
        else _store.Append(MemoryMarshal.AsBytes(row));
    }

    private void AppendSparse(int others, ReadOnlySpan<int> places, ReadOnlySpan<float> values)
    {
        int bytes = SparseRow.Bytes(others);
        if (_packed.Length < bytes)
            _packed = new byte[bytes];
        SparseRow.Pack(places, values, _packed.AsSpan(0, bytes));
        _store.Append(_packed.AsSpan(0, bytes));
    }

    private void Widen()
    {
        using var source = _store;
        StoredType = ScalarType.Float32;
        _store = new(budget);
        source.EndWriting();
        source.GiveBudgetBack();
        float[] wide = new float[shape.Size];
        source.ForEach(row =>
        {
            PixelPacking.Widen(row, wide);
            Append(wide);
        });
    }
}
