using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The table of libtorch (TCPStore) over which the ranks meet: rank 0 serves it, at MASTER_ADDR and MASTER_PORT.</summary>
internal sealed unsafe class GlooStore
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly C10dLibrary _c10d;
    private readonly RankEnvironment _ranks;
    private readonly byte* _store = CxxObjects.Allocate(4096);
    private long _come;

    /// <summary>Serves the table, or connects to it.</summary>
    /// <exception cref="DistributedTrainingException">Rank 0 cannot listen there, or does not answer in time.</exception>
    public GlooStore(C10dLibrary c10d, RankEnvironment ranks)
    {
        (_c10d, _ranks) = (c10d, ranks);
        if (ranks.Rank > 0) AwaitMaster();
        // struct TCPStoreOptions of libtorch 2.10
        byte* options = CxxObjects.Allocate(64);
        *(ushort*)options = (ushort)ranks.Port;
        options[2] = (byte)(ranks.Rank == 0 ? 1 : 0); // isServer
        *(long*)(options + 32) = (long)ranks.Timeout.TotalMilliseconds;
        options[52] = 1; // useLibUV
        if (!c10d.Try(c10d.CreateStore, (nint)_store, CxxObjects.Text(ranks.Host), (nint)options))
        {
            throw new DistributedTrainingException(ranks.Rank == 0
                ? $"Rank 0 cannot listen at port {ranks.Port} (MASTER_PORT): another program may use it. libtorch's reason is on the "
                    + "standard error output."
                : $"What answers at {Place} (MASTER_ADDR, MASTER_PORT) is not rank 0. libtorch's reason is on the standard error output.");
        }

        CxxObjects.KeepForever(_store);
    }

    /// <summary>The object.</summary>
    public nint Handle => (nint)_store;

    private string Place => FormattableString.Invariant($"{_ranks.Host}:{_ranks.Port}");

    /// <summary>Waits until all ranks have come.</summary>
    /// <exception cref="DistributedTrainingException">Some have not in time, or two are the same rank.</exception>
    public void AwaitAll()
    {
        if (Add(FormattableString.Invariant($"rank-{_ranks.Rank}"), 1) > 1)
        {
            throw new DistributedTrainingException(
                $"Two processes at {Place} say that they are rank {_ranks.Rank} of {_ranks.Count}; give each a RANK of its own.");
        }

        var clock = Stopwatch.StartNew();
        for (_come = Add("joined", 1); _come < _ranks.Count; _come = Add("joined", 0))
        {
            if (clock.Elapsed > _ranks.Timeout)
            {
                string[] missing = [.. Enumerable.Range(0, _ranks.Count)
                    .Where(rank => Add(FormattableString.Invariant($"rank-{rank}"), 0) == 0)
                    .Select(rank => rank.ToString(CultureInfo.InvariantCulture))];
                throw new DistributedTrainingException(FormattableString.Invariant(
                    $"Of {_ranks.Count} ranks (WORLD_SIZE) {_come} came to {Place} within {_ranks.Timeout.TotalSeconds:0} s; missing: ")
                        + $"{string.Join(", ", missing)}. Start all of them; {RankEnvironment.TimeoutVariable} says how long each waits.");
            }

            Thread.Sleep(Pause);
        }
    }

    /// <summary>Adds to a number of the table.</summary>
    /// <returns>The number now.</returns>
    private long Add(string name, long amount)
    {
        nint key = CxxObjects.Text(name);
        nint* bytes = (nint*)CxxObjects.Allocate(24); // std::vector<uint8_t>: begin, end, capacity
        if (!_c10d.Try(_c10d.StoreAdd, (nint)_store, key, (nint)amount) || !_c10d.Try(_c10d.StoreGet, (nint)bytes, (nint)_store, key))
        {
            throw new DistributedTrainingException(FormattableString.Invariant(
                $"Rank 0 at {Place} has gone when {_come} of {_ranks.Count} ranks had come; its own output says why."));
        }

        var text = new ReadOnlySpan<byte>((void*)bytes[0], (int)(bytes[1] - bytes[0]));
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new DistributedTrainingException($"What answers at {Place} is not rank 0: it says '{Encoding.ASCII.GetString(text)}'.");
    }

    // libtorch's own wait for it is longer than what it is told.
    private void AwaitMaster()
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(Pause))
        {
            try
            {
                using var probe = new TcpClient();
                using var stop = new CancellationTokenSource(_ranks.Timeout);
                probe.ConnectAsync(_ranks.Host, _ranks.Port, stop.Token).AsTask().GetAwaiter().GetResult();
                return;
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException)
            {
                if (clock.Elapsed < _ranks.Timeout) continue;
                throw new DistributedTrainingException(
                    FormattableString.Invariant(
                        $"Rank 0 did not answer at {Place} (MASTER_ADDR, MASTER_PORT) within {_ranks.Timeout.TotalSeconds:0} s: ")
                            + $"{fault.Message} {RankEnvironment.TimeoutVariable} says how long a rank waits.",
                    fault);
            }
        }
    }
}
