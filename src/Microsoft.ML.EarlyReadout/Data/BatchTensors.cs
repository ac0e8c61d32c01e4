using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A batch on its way: its tensors are made by the thread that trains, filled by any thread, and handed out by the thread that trains. They
/// belong to this, whatever dispose scopes there are meanwhile.
/// </summary>
internal sealed class BatchTensors : IDisposable
{
    private readonly TrainingSet _set;
    private readonly long[] _rows;
    private readonly Device _device;
    private readonly Tensor _features;
    private readonly Tensor _labels; // (B)
    private readonly Tensor _index; // (B), the rows
    private readonly Dictionary<string, Tensor> _columns;

    /// <param name="set">The set.</param>
    /// <param name="rows">The rows, in any order, also repeatedly; at least one.</param>
    /// <param name="device">The device to bring them to.</param>
    /// <param name="tokens">What texts are cut to, at least the longest of the rows; that one where it is left out.</param>
    public BatchTensors(TrainingSet set, long[] rows, Device device, int? tokens = null)
    {
        (_set, _rows, _device) = (set, rows, device);
        using DisposeScope made = NewDisposeScope(); // where memory does not suffice for all, what was made goes
        _features = set.Features.Allocate(rows, device, tokens);
        _labels = DeviceCopy.Empty([rows.Length], ScalarType.Int64, device);
        _index = DeviceCopy.Empty([rows.Length], ScalarType.Int64, device);
        _columns = set.Columns.ToDictionary(column => column.Key, column => column.Value.Rows.Allocate(rows, device));
        made.Detach([_features, _labels, _index, .. _columns.Values]);
    }

    /// <summary>Whether these are the rows.</summary>
    public bool IsOf(ReadOnlySpan<long> rows) => rows.SequenceEqual(_rows);

    /// <summary>Copies the rows.</summary>
    public void Fill()
    {
        Span<long> classes = MemoryMarshal.Cast<byte, long>(_labels.bytes);
        for (int i = 0; i < _rows.Length; i++) classes[i] = _set.Labels[_rows[i]];
        _rows.CopyTo(MemoryMarshal.Cast<byte, long>(_index.bytes));
        _set.Features.Fill(_features, _rows);
        foreach ((string name, Tensor numbers) in _columns) _set.Columns[name].Rows.Fill(numbers, _rows);
    }

    /// <summary>Brings what was filled to the device: tensors of the caller's dispose scope.</summary>
    public Batch Send() => new(Send(_features), Send(_labels), _rows, Send(_index))
    {
        Columns = _columns.ToDictionary(column => column.Key, column => _set.Columns[column.Key].Shaped(Send(column.Value))),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _features.Dispose();
        _labels.Dispose();
        _index.Dispose();
        foreach (Tensor numbers in _columns.Values) numbers.Dispose();
    }

    private Tensor Send(Tensor owned) => DeviceCopy.Send(owned.detach(), _device);
}
