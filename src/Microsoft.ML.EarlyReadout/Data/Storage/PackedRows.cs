using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Rows of one shape as a <see cref="RowPacker"/> packed them: all as bytes or as tokens, or each as float32 or, where that halves it, as a
/// <see cref="SparseRow"/>. What a row's numbers are decides, not how a view hands them out: equal rows are packed equally.
/// </summary>
/// <param name="store">The rows, all written. It goes with this.</param>
/// <param name="shape">The shape of a row.</param>
/// <param name="type">The type of the numbers: uint8, float32 or, for tokens, int32.</param>
/// <threadsafety>All members but <see cref="Dispose"/> are thread-safe.</threadsafety>
internal sealed class PackedRows(RowStore store, FeatureShape shape, ScalarType type) : IDisposable
{
    private readonly int _rowBytes = checked(shape.Size * (int)type.ElementSize()); // unpacked

    /// <summary>The number of rows.</summary>
    public long Count => store.Count;

    /// <summary>The shape of a row.</summary>
    public FeatureShape Shape => shape;

    /// <summary>The type of the numbers: uint8, 0 to 255, float32, or int32 where they are tokens.</summary>
    public ScalarType StoredType => type;

    /// <summary>Whether the rows are in memory rather than in a temporary file.</summary>
    public bool IsInMemory => store.IsInMemory;

    /// <summary>Whether, by the mean of all rows, at least three quarters of the slots are zero in every row of a batch.</summary>
    /// <param name="rows">Rows in a batch.</param>
    public bool AreMostlyZero(int rows) =>
        type == ScalarType.Float32 && store.Bytes / ((double)SparseRow.Bytes(1) * Count) * rows <= shape.Size / 4.0;

    /// <summary>
    /// Copies rows into a tensor, (B, …), of the stored type. It belongs to the caller's dispose scope, if there is one. libtorch must be
    /// loaded.
    /// </summary>
    /// <param name="rows">The rows, in any order, also repeatedly; at least one.</param>
    /// <param name="device">The device to bring them to.</param>
    public Tensor Gather(ReadOnlySpan<long> rows, Device device)
    {
        Tensor batch = Allocate(rows, device);
        Fill(batch, rows);
        return DeviceCopy.Send(batch, device);
    }

    /// <summary>Makes what rows are copied into, on the CPU: (B, …), of texts as many columns as the longest has tokens. It belongs to the
    /// caller's dispose scope, if there is one.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="device">The device that they are for.</param>
    /// <param name="tokens">The columns of texts, where these are to be more.</param>
    public Tensor Allocate(ReadOnlySpan<long> rows, Device device, int? tokens = null) => DeviceCopy.Empty(
        [rows.Length, .. type == ScalarType.Int32 ? [tokens ?? LongestOf(rows)] : shape.Dimensions], type, device);

    /// <summary>Copies rows into a tensor of <see cref="Allocate"/>; behind a text of fewer tokens than it has columns there are
    /// zeros.</summary>
    public void Fill(Tensor batch, ReadOnlySpan<long> rows)
    {
        store.Expect(rows);
        ref byte first = ref FirstByte(batch); // the batch may have more bytes than a span can name
        int bytes = type == ScalarType.Int32 ? (int)batch.shape[1] * sizeof(int) : _rowBytes;
        for (int i = 0; i < rows.Length; i++)
        {
            Span<byte> target = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref first, (nint)i * bytes), bytes);
            if (type == ScalarType.Int32) ReadTokens(rows[i], target);
            else Unpack(rows[i], target);
        }
    }

    /// <summary>Bytes of an unpacked row.</summary>
    public int RowBytes => _rowBytes;

    /// <summary>The tokens that a row has; of rows that are no texts, its numbers.</summary>
    public int LengthOf(long row) => type == ScalarType.Int32 ? store.LengthOf(row) / sizeof(int) : shape.Size;

    /// <summary>The tokens of the longest text of some rows; of rows that are no texts, their numbers.</summary>
    public int LongestOf(ReadOnlySpan<long> rows)
    {
        if (type != ScalarType.Int32) return shape.Size;
        int longest = 0;
        foreach (long row in rows) longest = Math.Max(longest, LengthOf(row));
        return longest;
    }

    /// <summary>Says which rows are gathered next.</summary>
    public void Expect(ReadOnlySpan<long> rows) => store.Expect(rows);

    /// <summary>Goes through all rows in their order.</summary>
    /// <param name="use">Is given each row's bytes as they are packed, valid until it returns.</param>
    public void ForEachPacked(Action<ReadOnlySpan<byte>> use) => store.ForEach(use);

    /// <summary>Goes through all rows in their order.</summary>
    /// <param name="use">Is given each row's numbers, valid until it returns.</param>
    public void ForEach(Action<ReadOnlySpan<float>> use)
    {
        float[] row = new float[shape.Size];
        store.ForEach(packed =>
        {
            if (type == ScalarType.Byte) PixelPacking.Widen(packed, row);
            else if (type == ScalarType.Int32) Widen(MemoryMarshal.Cast<byte, int>(packed), row);
            else if (packed.Length < _rowBytes) SparseRow.Unpack(packed, row);
            else packed.CopyTo(MemoryMarshal.AsBytes(row.AsSpan()));
            use(row);
        });
    }

    /// <summary>Gives the memory back and removes the temporary file.</summary>
    public void Dispose() => store.Dispose();

    private void Unpack(long row, Span<byte> target)
    {
        int length = store.LengthOf(row);
        if (length == target.Length)
        {
            store.Read(row, target);
            return;
        }
        byte[] packed = ArrayPool<byte>.Shared.Rent(length);
        store.Read(row, packed);
        SparseRow.Unpack(packed.AsSpan(0, length), MemoryMarshal.Cast<byte, float>(target));
        ArrayPool<byte>.Shared.Return(packed);
    }

    private void ReadTokens(long row, Span<byte> target)
    {
        int length = store.LengthOf(row);
        store.Read(row, target[..length]);
        target[length..].Clear();
    }

    private static void Widen(ReadOnlySpan<int> tokens, Span<float> row)
    {
        row.Clear();
        for (int i = 0; i < tokens.Length; i++) row[i] = tokens[i];
    }

    private static ref byte FirstByte(Tensor batch)
    {
        using var first = batch.narrow(0, 0, 1);
        return ref MemoryMarshal.GetReference(first.bytes);
    }
}
