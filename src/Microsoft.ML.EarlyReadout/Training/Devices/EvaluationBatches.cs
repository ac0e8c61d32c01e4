using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Cuts rows into batches for passes that need no gradients: validation, the reading of readouts, the comparison with the exported graph. A
/// batch is as large as helps; where memory does not suffice for it, it is halved, down to one row. The next one is gathered while one is
/// looked at.
/// </summary>
/// <param name="device">The device of the batches.</param>
/// <param name="cancellation">Stops the passes within one batch.</param>
internal sealed class EvaluationBatches(Device device, Cancellation cancellation)
{
    private const int MostRows = 256; // matrix kernels are no faster on more
    private long _budget = device.type == DeviceType.CPU ? 128L << 20 : 1L << 30; // bytes: more is no faster on a CPU, but fills a GPU

    /// <summary>
    /// What is made of each batch, in order, within a dispose scope of its own; a batch is looked at when its value is asked for.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="bytesPerRow">What a row takes in the pass.</param>
    /// <param name="of">Takes the place of the batch's first row among the rows, and the batch. It is called again, with fewer rows, where
    /// it runs out of memory: until it has got all the memory that it needs, it must change nothing.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IEnumerable<T> Select<T>(TrainingRows rows, long bytesPerRow, Func<int, Batch, T> of)
    {
        long perRow = Math.Max(bytesPerRow, 1);
        int size = (int)Math.Clamp(_budget / perRow, 1, MostRows);
        using var ahead = new BatchAhead(rows.Set, device);
        for (int start = 0; start < rows.Indices.Length;)
        {
            cancellation.ThrowIfRequested();
            int count = Math.Min(size, rows.Indices.Length - start);
            if (Try(ahead, rows.Indices, start, count, of) is not [T value])
            {
                size = count / 2;
                _budget = size * perRow; // what has failed once is not tried again
                continue;
            }

            yield return value;
            start += count;
        }
    }

    /// <summary>As <see cref="Select"/>, for what gives no value.</summary>
    public void ForEach(TrainingRows rows, long bytesPerRow, Action<int, Batch> use)
    {
        foreach (bool _ in Select(rows, bytesPerRow, Used)) { }

        bool Used(int start, Batch batch)
        {
            use(start, batch);
            return true;
        }
    }

    /// <returns>The value; nothing where memory does not suffice for several rows.</returns>
    private static T[] Try<T>(BatchAhead ahead, long[] rows, int start, int count, Func<int, Batch, T> of)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        try
        {
            Batch batch = ahead.Take(rows.AsSpan(start, count));
            int next = start + count;
            if (next < rows.Length) ahead.Prepare(rows.AsSpan(next, Math.Min(count, rows.Length - next)));
            return [of(start, batch)];
        }
        catch (Exception fault) when (count > 1 && AllocationFailure.Of(fault) is not null)
        {
            return [];
        }
    }
}
