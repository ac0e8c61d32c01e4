using System.Collections.ObjectModel;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The rows of a view, read once and packed, with their labels, with groups where a column of them is named, and with what a method
/// reads besides. Rows without a label are not in it.
/// </summary>
/// <threadsafety>All members but <see cref="Dispose"/> are thread-safe.</threadsafety>
internal sealed class TrainingSet : IDisposable
{
    private readonly Lock _hashing = new();
    private IReadOnlyDictionary<string, string>? _fingerprint;
    private int _users = 1;

    /// <summary>The number of rows, at least 1.</summary>
    public long Count => Features.Count;

    /// <summary>The features of each row. They go with the set.</summary>
    public required PackedRows Features { get; init; }

    /// <summary>The shape of one example.</summary>
    public FeatureShape Shape => Features.Shape;

    /// <summary>What the numbers of images mean, as the training rows decided it; <see langword="null"/> where there is no range.</summary>
    public PixelRange? Pixels { get; init; }

    /// <summary>Cuts texts into the tokens that the features are; <see langword="null"/> where they are no texts.</summary>
    public BertTokenizer? Tokenizer { get; init; }

    /// <summary>The type in which the features are stored, which says nothing of what they mean.</summary>
    public ScalarType StoredType => Features.StoredType;

    /// <summary>Whether all rows are in memory, features and columns, rather than in temporary files.</summary>
    public bool IsInMemory => Features.IsInMemory && Columns.Values.All(column => column.Rows.IsInMemory);

    /// <summary>Bytes of an unpacked row, features and columns.</summary>
    public long RowBytes => Features.RowBytes + Columns.Values.Sum(column => (long)column.Rows.RowBytes);

    /// <summary>The number of classes that the label's key type counts, at least 2.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>The names of the classes: the key's values, else "0", "1", ….</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Whether the label column itself names its classes.</summary>
    public required bool HasClassNames { get; init; }

    /// <summary>Rows of the view that were left out because they have no label.</summary>
    public required long SkippedRows { get; init; }

    /// <summary>The class of each row, from 0.</summary>
    public required int[] Labels { get; init; }

    /// <summary>The group of each row, from 0; <see langword="null"/> where no group column is named.</summary>
    public required int[]? Groups { get; init; }

    /// <summary>
    /// The names of the groups: each pair of label and attribute that occurs, by label, then by attribute. Empty where no group column is
    /// named.
    /// </summary>
    public required IReadOnlyList<string> GroupNames { get; init; }

    /// <summary>What a method reads besides, by the names of the columns. They go with the set.</summary>
    public IReadOnlyDictionary<string, PackedColumn> Columns { get; init; } = ReadOnlyDictionary<string, PackedColumn>.Empty;

    /// <summary>What tells the set from others, part by part. All rows are gone through when it is first asked for.</summary>
    /// <param name="cancellation">Stops the pass within one row.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyDictionary<string, string> FingerprintOf(Cancellation cancellation)
    {
        lock (_hashing) return _fingerprint ??= DataFingerprint.PartsOf(this, cancellation);
    }

    /// <summary>Reads a view in one pass; of a <see cref="PackedView"/> it takes what another fit has read.</summary>
    /// <param name="view">The view.</param>
    /// <param name="columns">The columns to read; no other is active.</param>
    /// <param name="input">The image size that the user gives.</param>
    /// <param name="budget">The memory for packed rows; others go to a temporary file that is gone when the set is disposed.</param>
    /// <param name="log">Receives what was found: skipped rows, the range of pixels.</param>
    /// <param name="warn">Receives what the user should look at: classes without rows, files that are cut off, numbers in other
    /// units.</param>
    /// <param name="cancellation">Stops the reading within one row.</param>
    /// <param name="like">The training set that this one, a validation set, must agree with in shape and classes.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or the classes or the shape differ from those of
    /// <paramref name="like"/>.</exception>
    /// <exception cref="InvalidDataException">There are no rows with a label, a number is NaN or infinite, or an image is missing
    /// or of another size.</exception>
    /// <exception cref="IOException">The temporary file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TrainingSet Read(
        IDataView view, TrainingColumns columns, InputOptions input, MemoryBudget budget, Action<string> log, Action<string> warn,
        Cancellation cancellation, TrainingSet? like = null) =>
        view is PackedView packed
            ? packed.Read(columns, input, budget, log, warn, cancellation, like)
            : new TrainingSetReader(view, columns, input, budget, log, warn, like).Read(cancellation);

    /// <summary>The set for one user more, who disposes it too.</summary>
    public TrainingSet Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>Copies rows into tensors. Those belong to the caller's dispose scope, if there is one. libtorch must be loaded.</summary>
    /// <param name="rows">The rows, in any order, also repeatedly; at least one.</param>
    /// <param name="device">The device to bring them to.</param>
    /// <param name="tokens">What texts are cut to, at least the longest of the rows; that one where it is left out.</param>
    public Batch Gather(ReadOnlySpan<long> rows, Device device, int? tokens = null)
    {
        using var batch = new BatchTensors(this, rows.ToArray(), device, tokens);
        batch.Fill();
        return batch.Send();
    }

    /// <summary>Says which rows are gathered next: those that are in a file can then be fetched while something else is computed.</summary>
    public void Expect(ReadOnlySpan<long> rows)
    {
        Features.Expect(rows);
        foreach (PackedColumn column in Columns.Values) column.Rows.Expect(rows);
    }

    /// <summary>Gives the memory back and removes the temporary files, once each user has called it.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) > 0) return;
        Features.Dispose();
        foreach (PackedColumn column in Columns.Values) column.Dispose();
    }
}
