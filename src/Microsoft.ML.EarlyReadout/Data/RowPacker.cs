using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Packs rows as they are read: images as bytes while every number is an integer from 0 to 255, else as float32; in memory up to a budget, else in a file.
/// </summary>
/// <param name="shape">The shape of a row.</param>
/// <param name="budgetBytes">Bytes of rows to keep in memory. Widening bytes to floats holds both for a moment: up to a quarter more.</param>
/// <param name="log">Receives the line that tells of the file.</param>
internal sealed class RowPacker(FeatureShape shape, long budgetBytes, Action<string> log) : IDisposable
{
    private readonly byte[] _bytes = new byte[shape.IsImage ? shape.Size : 0];
    private RowStore _store = new MemoryRowStore(shape.IsImage ? shape.Size : checked(shape.Size * sizeof(float)));
    private bool _spillLogged;

    /// <summary>The shape of a row.</summary>
    public FeatureShape Shape => shape;

    /// <summary>Whether the rows are stored as bytes.</summary>
    public bool HoldsBytes { get; private set; } = shape.IsImage;

    /// <summary>Adds a row of pixels.</summary>
    /// <param name="row">Its bytes.</param>
    public void Add(ReadOnlySpan<byte> row) => Append(row);

    /// <summary>Adds a row of numbers.</summary>
    /// <param name="row">The numbers.</param>
    /// <returns>The slot of the first number that is NaN or infinite, in which case the row is not added; else −1.</returns>
    public int Add(ReadOnlySpan<float> row)
    {
        if (HoldsBytes && PixelPacking.TryNarrow(row, _bytes))
        {
            Append(_bytes);
            return -1;
        }
        if (PixelPacking.IndexOfNonFinite(row) is >= 0 and int slot)
            return slot;
        if (HoldsBytes)
            Widen();
        Append(MemoryMarshal.AsBytes(row));
        return -1;
    }

    /// <summary>Ends packing and hands the rows over.</summary>
    public RowStore Finish()
    {
        _store.Seal();
        var store = _store;
        _store = new MemoryRowStore(1);
        return store;
    }

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();

    private void Append(ReadOnlySpan<byte> row)
    {
        if (_store.IsInMemory && (_store.Count + 1) * _store.RowBytes > budgetBytes)
            Move(new MappedRowStore(_store.RowBytes));
        _store.Append(row);
    }

    private void Widen()
    {
        HoldsBytes = false;
        int rowBytes = checked(shape.Size * sizeof(float));
        Move(_store.IsInMemory && (_store.Count + 1) * rowBytes <= budgetBytes ? new MemoryRowStore(rowBytes) : new MappedRowStore(rowBytes));
    }

    private void Move(RowStore target)
    {
        using var source = _store;
        _store = target;
        if (!target.IsInMemory && !_spillLogged)
        {
            _spillLogged = true;
            log(FormattableString.Invariant($"The training rows exceed the memory budget of {budgetBytes / 1048576.0:0.#} MiB: they go to a temporary file in '{Path.GetTempPath()}', removed after the fit."));
        }
        source.Seal();
        var wide = new float[target.RowBytes == source.RowBytes ? 0 : shape.Size];
        for (long row = 0; row < source.Count; row++)
        {
            if (wide.Length > 0)
                PixelPacking.Widen(source.Row(row), wide);
            target.Append(wide.Length > 0 ? MemoryMarshal.AsBytes<float>(wide) : source.Row(row));
        }
    }
}
