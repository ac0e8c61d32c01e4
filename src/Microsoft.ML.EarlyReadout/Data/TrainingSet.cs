using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The rows of a view, read once and packed: pixels as bytes, vectors as float32, with their labels, and with groups and a teacher's scores where columns are named.
/// Rows without a label are not in it.
/// </summary>
/// <threadsafety>All members but <see cref="Dispose"/> are thread-safe.</threadsafety>
internal sealed class TrainingSet : IDisposable
{
    private readonly RowStore _rows;

    internal TrainingSet(RowStore rows) => _rows = rows;

    /// <summary>The number of rows, at least 1.</summary>
    public long Count => _rows.Count;

    /// <summary>The shape of one example.</summary>
    public required FeatureShape Shape { get; init; }

    /// <summary>Whether the features are bytes 0 to 255 rather than float32.</summary>
    public required bool HoldsBytes { get; init; }

    /// <summary>Whether the features are in memory rather than in a temporary file.</summary>
    public bool IsInMemory => _rows.IsInMemory;

    /// <summary>The number of classes that the label's key type counts, at least 2.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>The names of the classes: the key's values, else "1", "2", ….</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Whether the label column itself names its classes.</summary>
    public required bool HasClassNames { get; init; }

    /// <summary>Rows of the view that were left out because they have no label.</summary>
    public required long SkippedRows { get; init; }

    /// <summary>The class of each row, from 0.</summary>
    public required int[] Labels { get; init; }

    /// <summary>The group of each row, from 0; <see langword="null"/> where no group column is named.</summary>
    public required int[]? Groups { get; init; }

    /// <summary>The names of the groups: each pair of label and attribute that occurs, by label, then by attribute. Empty where no group column is named.</summary>
    public required IReadOnlyList<string> GroupNames { get; init; }

    /// <summary>The teacher's scores, <see cref="Classes"/> a row; <see langword="null"/> where no score column is named.</summary>
    public required float[]? Scores { get; init; }

    /// <summary>The teacher's features, <see cref="TeacherWidth"/> a row; <see langword="null"/> where no column of them is named.</summary>
    public required float[]? TeacherFeatures { get; init; }

    /// <summary>Numbers in a row of <see cref="TeacherFeatures"/>.</summary>
    public int TeacherWidth => TeacherFeatures is null ? 0 : (int)(TeacherFeatures.LongLength / Count);

    /// <summary>Reads a view in one pass.</summary>
    /// <param name="view">The view.</param>
    /// <param name="columns">The columns to read; no other is active.</param>
    /// <param name="input">The image size that the user gives.</param>
    /// <param name="memoryBudgetBytes">Bytes of features to keep in memory; above it they go to a temporary file that is gone when the set is disposed.</param>
    /// <param name="log">Receives what the user should know: skipped rows, classes without rows, the temporary file.</param>
    /// <param name="cancellation">Stops the reading within one row.</param>
    /// <param name="like">The training set that this one, a validation set, must agree with in shape and classes.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or the classes or the shape differ from those of <paramref name="like"/>.</exception>
    /// <exception cref="InvalidDataException">There are no rows with a label, a feature or score is NaN or infinite, or an image is missing or of another size.</exception>
    /// <exception cref="IOException">The temporary file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TrainingSet Read(IDataView view, TrainingColumns columns, InputOptions input, long memoryBudgetBytes, Action<string> log, Cancellation cancellation, TrainingSet? like = null) =>
        new TrainingSetReader(view, columns, input, memoryBudgetBytes, log, like).Read(cancellation);

    /// <summary>The packed features of a row.</summary>
    public ReadOnlySpan<byte> Row(long row) => _rows.Row(row);

    /// <summary>Copies rows into tensors. Those belong to the caller's dispose scope, if there is one. libtorch must be loaded.</summary>
    /// <param name="rows">The rows, in any order, also repeatedly; at least one.</param>
    /// <param name="device">The device to bring them to.</param>
    public Batch Gather(ReadOnlySpan<long> rows, Device device)
    {
        long[] dimensions = [rows.Length, .. Shape.Dimensions];
        var features = empty(dimensions, HoldsBytes ? ScalarType.Byte : ScalarType.Float32, CPU); // (B, …)
        var labels = empty(rows.Length, ScalarType.Int64, CPU); // (B)

        // A whole batch may have more bytes than a span can name.
        ref byte target = ref FirstByte(features);
        for (int i = 0; i < rows.Length; i++)
            _rows.Row(rows[i]).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref target, (nint)i * _rows.RowBytes), _rows.RowBytes));

        var classes = MemoryMarshal.Cast<byte, long>(labels.bytes);
        for (int i = 0; i < rows.Length; i++)
            classes[i] = Labels[rows[i]];

        return new(OnDevice(features, device), OnDevice(labels, device), Gather(Scores, Classes, rows, device), rows.ToArray())
        {
            TeacherFeatures = Gather(TeacherFeatures, TeacherWidth, rows, device),
        };
    }

    /// <summary>Gives the memory back and removes the temporary file.</summary>
    public void Dispose() => _rows.Dispose();

    private static Tensor? Gather(float[]? all, int width, ReadOnlySpan<long> rows, Device device)
    {
        if (all is null)
            return null;
        var gathered = empty(rows.Length, width, ScalarType.Float32, CPU); // (B, width)
        var values = MemoryMarshal.Cast<byte, float>(gathered.bytes);
        for (int i = 0; i < rows.Length; i++)
            all.AsSpan(checked((int)(rows[i] * width)), width).CopyTo(values[(i * width)..]);
        return OnDevice(gathered, device);
    }

    private static ref byte FirstByte(Tensor batch)
    {
        using var first = batch.narrow(0, 0, 1);
        return ref MemoryMarshal.GetReference(first.bytes);
    }

    private static Tensor OnDevice(Tensor tensor, Device device)
    {
        if (device.type == DeviceType.CPU)
            return tensor;
        using (tensor)
            return tensor.to(device);
    }
}
