using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Some rows as tensors on the device of the training.</summary>
[Experimental(Seam.Id)]
public sealed record Batch : IDisposable
{
    internal Batch(Tensor features, Tensor labels, long[] rows) => (Features, Labels, Rows) = (features, labels, rows);

    /// <summary>(B, D), (B, C, H, W) or (B, H, W, C), as <see cref="FeatureShape.Dimensions"/> says; uint8 or float32, in the column's
    /// units.</summary>
    public Tensor Features { get; internal init; }

    /// <summary>(B), int64: the classes, from 0.</summary>
    public Tensor Labels { get; }

    /// <summary>The rows' places among all that were read, which numbers by row are kept by.</summary>
    public IReadOnlyList<long> Places => Rows;

    /// <summary>The rows' places in the training set.</summary>
    internal long[] Rows { get; }

    /// <summary>What the method reads besides, by the names of the columns.</summary>
    internal IReadOnlyDictionary<string, Tensor> Columns { get; init; } = ReadOnlyDictionary<string, Tensor>.Empty;

    /// <summary>The number of rows, B.</summary>
    public int Count => Rows.Length;

    /// <summary>
    /// The numbers of a <see cref="RowColumn"/>: (B), (B, slots) or (B, C, H, W), as its <see cref="RowColumnWidth"/> says; float32, or
    /// uint8 where (C, H, W) are whole numbers up to 255. They stay the batch's.
    /// </summary>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentException">It is not among the columns that the options declare.</exception>
    public Tensor Column(string name) => Columns.TryGetValue(name, out Tensor? numbers)
        ? numbers
        : throw new ArgumentException($"Column '{name}' was not read with the rows. Add it to RowColumns of the options.", nameof(name));

    /// <summary>
    /// What the training set's rows have, for those of this batch: (B), float32, on its device. It belongs to the caller's dispose scope.
    /// </summary>
    /// <param name="ofRows">One number for each row of the training set.</param>
    public Tensor Take(ReadOnlySpan<float> ofRows)
    {
        Tensor values = DeviceCopy.Empty([Rows.Length], ScalarType.Float32, Labels.device);
        Span<float> target = MemoryMarshal.Cast<byte, float>(values.bytes);
        for (int i = 0; i < Rows.Length; i++) target[i] = ofRows[(int)Rows[i]];
        return DeviceCopy.Send(values, Labels.device);
    }

    /// <summary>As <see cref="Take(ReadOnlySpan{float})"/>, for whole numbers: (B), int64.</summary>
    public Tensor Take(int[] ofRows)
    {
        Tensor values = DeviceCopy.Empty([Rows.Length], ScalarType.Int64, Labels.device);
        Span<long> target = MemoryMarshal.Cast<byte, long>(values.bytes);
        for (int i = 0; i < Rows.Length; i++) target[i] = ofRows[Rows[i]];
        return DeviceCopy.Send(values, Labels.device);
    }

    /// <summary>Some of the rows, one after the other. What is theirs belongs to the caller's dispose scope.</summary>
    internal Batch Part(int start, int count) => new(
        Features.narrow(0, start, count), Labels.narrow(0, start, count), Rows[start..(start + count)])
    {
        Columns = Columns.ToDictionary(column => column.Key, column => column.Value.narrow(0, start, count)),
    };

    /// <summary>Disposes the tensors, for a caller without a dispose scope.</summary>
    public void Dispose()
    {
        Features.Dispose();
        Labels.Dispose();
        foreach (Tensor numbers in Columns.Values) numbers.Dispose();
    }
}
