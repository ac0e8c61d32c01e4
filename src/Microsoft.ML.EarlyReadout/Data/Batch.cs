using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Some rows as tensors on the device of the training.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public sealed record Batch : IDisposable
{
    private readonly Tensor _index; // (B), int64: Rows, on the device

    internal Batch(Tensor features, Tensor labels, long[] rows)
        : this(features, labels, rows, DeviceCopy.Send(rows, labels.device)) { }

    internal Batch(Tensor features, Tensor labels, long[] rows, Tensor index) =>
        (Features, Labels, Rows, Whole, _index) = (features, labels, rows, rows.Length, index);

    /// <summary>(B, D), (B, C, H, W) or (B, H, W, C), as <see cref="FeatureShape.Dimensions"/> says; uint8 or float32, in the column's
    /// units. Of texts (B, L), int32: tokens, L those of the batch's longest row, 0 where padded.</summary>
    public Tensor Features { get; internal init; }

    /// <summary>(B), int64: the classes, from 0.</summary>
    public Tensor Labels { get; }

    /// <summary>The rows' places among all that were read, which numbers by row are kept by.</summary>
    public IReadOnlyList<long> Places => Rows;

    /// <summary>The rows' places in the training set.</summary>
    internal long[] Rows { get; }

    /// <summary>What the method reads besides, by the names of the columns.</summary>
    internal IReadOnlyDictionary<string, Tensor> Columns { get; init; } = ReadOnlyDictionary<string, Tensor>.Empty;

    /// <summary>The number of rows of the step's batch in all processes that train together.</summary>
    internal int Whole { get; init; }

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
    /// What all rows have, for those of this batch: (B, …), on its device. It belongs to the caller's dispose scope.
    /// </summary>
    /// <param name="ofRows">(N, …): numbers of each row that was read, by its place, on the device of the training
    /// (<see cref="TrainingSession.Device"/>).</param>
    public Tensor Take(Tensor ofRows)
    {
        ArgumentNullException.ThrowIfNull(ofRows);
        return ofRows.index_select(0, _index);
    }

    /// <summary>Some of the rows, one after the other. What is theirs belongs to the caller's dispose scope.</summary>
    internal Batch Part(int start, int count) => new(
        Features.narrow(0, start, count), Labels.narrow(0, start, count), Rows[start..(start + count)], _index.narrow(0, start, count))
    {
        Columns = Columns.ToDictionary(column => column.Key, column => column.Value.narrow(0, start, count)),
        Whole = Whole,
    };

    /// <summary>A batch on the CPU, brought to a device. Its tensors belong to the caller's dispose scope.</summary>
    internal Batch To(Device device) => device.type == DeviceType.CPU ? this : new(
        DeviceCopy.Send(Features, device), DeviceCopy.Send(Labels, device), Rows, DeviceCopy.Send(_index, device))
    {
        Columns = Columns.ToDictionary(column => column.Key, column => DeviceCopy.Send(column.Value, device)),
        Whole = Whole,
    };

    /// <summary>Disposes the tensors, for a caller without a dispose scope.</summary>
    public void Dispose()
    {
        Features.Dispose();
        Labels.Dispose();
        _index.Dispose();
        foreach (Tensor numbers in Columns.Values) numbers.Dispose();
    }
}
