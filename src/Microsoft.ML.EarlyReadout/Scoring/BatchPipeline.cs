using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Gives batches in the order of their rows. While one is with the consumer, the next is scored and the one after it is read, each by a
/// thread of its own; on one processor, all by the consumer's. The first batch is always the consumer's work: who looks at a few rows needs
/// no more.
/// </summary>
/// <param name="first">A batch without rows.</param>
/// <param name="make">Makes others, which may be larger.</param>
/// <param name="threads">1: the consumer does all.</param>
/// <threadsafety>For one consumer.</threadsafety>
internal sealed class BatchPipeline(ScoredBatch first, Func<ScoredBatch> make, int threads) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<ScoredBatch> _empty = CreateChannel();
    private readonly Channel<ScoredBatch> _read = CreateChannel();
    private readonly Channel<ScoredBatch> _scored = CreateChannel();
    private Task[] _work = [];
    private readonly List<ScoredBatch> _made = [first];
    private ScoredBatch _current = first;
    private bool _isBegun;
    private ExceptionDispatchInfo? _fault;

    /// <summary>The next batch, which is the consumer's until it asks again; <see langword="null"/> after the last.</summary>
    public ScoredBatch? Next()
    {
        _fault?.Throw();
        if (_current.IsLast) return null;
        try
        {
            _current = _isBegun && threads > 1 ? Exchange() : Alone(_current);
            _isBegun = true;
            return _current.Count > 0 ? _current : null;
        }
        catch (Exception fault)
        {
            _fault = ExceptionDispatchInfo.Capture(fault); // after rows that failed there are none
            throw;
        }
    }

    /// <summary>Ends the work within a row, and after the rows that are computed at once; and waits for that.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Task.WaitAll(_work);
        _stop.Dispose();
        foreach (ScoredBatch batch in _made) batch.Dispose();
    }

    private ScoredBatch Alone(ScoredBatch batch)
    {
        batch.Read(_stop.Token);
        batch.Score(_stop.Token);
        return batch;
    }

    private ScoredBatch Exchange()
    {
        if (_work.Length > 0)
        {
            Give(_empty, _current);
        }
        else
        {
            // three: with the consumer, in scoring, in reading; there are never more
            Give(_empty, Make());
            Give(_empty, Make());
            bool isSmall = _current.Capacity < _made[^1].Capacity;
            Give(_empty, isSmall ? Make() : _current);
            if (isSmall) _current.Dispose();
            _work = [Start(Read, _read), Start(Score, _scored)];
        }

        return Take(_scored)!; // the last batch is one that says so, or a fault
    }

    private ScoredBatch Make()
    {
        _made.Add(make());
        return _made[^1];
    }

    private void Read()
    {
        ScoredBatch batch;
        do
        {
            batch = Take(_empty)!;
            batch.Read(_stop.Token);
            Give(_read, batch);
            batch.Fault?.Throw();
        }
        while (!batch.IsLast);
    }

    private void Score()
    {
        while (Take(_read) is { } batch)
        {
            batch.Score(_stop.Token);
            Give(_scored, batch);
        }
    }

    // Who waits is woken by who writes: otherwise a third thread does it.
    private static Channel<ScoredBatch> CreateChannel() => Channel.CreateUnbounded<ScoredBatch>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = true });

    private static Task Start(Action work, Channel<ScoredBatch> to) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                work();
                to.Writer.Complete();
            }
            catch (Exception fault)
            {
                to.Writer.Complete(fault); // thrown to who takes what comes after the batches before it
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Give(Channel<ScoredBatch> to, ScoredBatch batch) => to.Writer.TryWrite(batch);

    /// <summary>Waits for a batch; <see langword="null"/> where none comes any more.</summary>
    private ScoredBatch? Take(Channel<ScoredBatch> from)
    {
        _stop.Token.ThrowIfCancellationRequested(); // also where a batch is there already: it is of no more use
        ScoredBatch? batch;
        while (!from.Reader.TryRead(out batch))
        {
            if (!from.Reader.WaitToReadAsync(_stop.Token).AsTask().GetAwaiter().GetResult()) return null;
        }

        return batch;
    }
}
