using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Gathers the next batch on another thread, while the step of the one before runs. The rows are the same as without.</summary>
/// <param name="set">The rows.</param>
/// <param name="device">The device to bring them to.</param>
internal sealed class BatchAhead(TrainingSet set, Device device) : IDisposable
{
    // Handing less than this to a thread costs as much as copying it.
    private const long LeastBytes = 1 << 17;

    private BatchTensors? _next;
    private Task _filling = Task.CompletedTask;

    /// <summary>Gathers rows, where they are not gathered already. The tensors belong to the caller's dispose scope.</summary>
    public Batch Take(ReadOnlySpan<long> rows) => Take(rows, ..);

    /// <summary>As <see cref="Take(ReadOnlySpan{long})"/>, a part of a batch's rows. Texts are cut to the longest of the whole
    /// batch.</summary>
    public Batch Take(ReadOnlySpan<long> batch, Range part)
    {
        ReadOnlySpan<long> rows = batch[part];
        if (_next is { } next && next.IsOf(rows))
        {
            _filling.GetAwaiter().GetResult();
            try
            {
                return next.Send();
            }
            finally
            {
                next.Dispose();
                _next = null;
            }
        }

        Dispose();
        return set.Gather(rows, device, set.Features.LongestOf(batch));
    }

    /// <summary>Starts to gather the rows that are taken next.</summary>
    public void Prepare(ReadOnlySpan<long> rows) => Prepare(rows, ..);

    /// <summary>Starts to gather the part of a batch's rows that is taken next.</summary>
    public void Prepare(ReadOnlySpan<long> batch, Range part)
    {
        ReadOnlySpan<long> rows = batch[part];
        if (Environment.ProcessorCount == 1 || (set.IsInMemory && rows.Length * set.RowBytes < LeastBytes))
        {
            set.Expect(rows);
            return;
        }

        var next = new BatchTensors(set, rows.ToArray(), device, set.Features.LongestOf(batch));
        (_next, _filling) = (next, Task.Run(next.Fill));
    }

    /// <summary>Waits for what is being gathered, and lets it go.</summary>
    public void Dispose()
    {
        if (_next is null) return;
        ((IAsyncResult)_filling).AsyncWaitHandle.WaitOne(); // whether it failed no longer matters
        _next.Dispose();
        _next = null;
    }
}
