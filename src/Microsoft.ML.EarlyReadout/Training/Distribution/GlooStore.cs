using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The table of libtorch (TCPStore) over which the ranks meet: rank 0 serves it, at MASTER_ADDR and MASTER_PORT.</summary>
internal sealed unsafe class GlooStore
{
    private const string Joined = "joined", Left = "left";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5021); // an odd number, of which a store is asked
    private readonly C10dLibrary _c10d;
    private readonly RankEnvironment _ranks;
    private readonly Cancellation _cancellation;
    private readonly Stopwatch _clock = Stopwatch.StartNew(); // one for all waits of the meeting
    private readonly Dictionary<string, nint> _keys = []; // a key of the table as a text of C++
    private readonly byte* _store = CxxObjects.Allocate(4096);
    private long _come;

    /// <summary>Serves the table, or connects to it.</summary>
    /// <exception cref="DistributedTrainingException">Rank 0 cannot listen there, or does not answer in time.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled meanwhile.</exception>
    public GlooStore(C10dLibrary c10d, RankEnvironment ranks, Cancellation cancellation)
    {
        (_c10d, _ranks, _cancellation) = (c10d, ranks, cancellation);
        if (ranks.Rank > 0) AwaitMaster();
        nint options = TcpStoreOptions.Create((ushort)ranks.Port, isServer: ranks.Rank == 0, ranks.Timeout);
        if (!c10d.Try(c10d.CreateStore, (nint)_store, CxxObjects.Text(ranks.Host), options))
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

    /// <summary>Whether a store serves and answers as its options say, tried within this process, at a port that is free.</summary>
    public static bool Works(C10dLibrary c10d)
    {
        var clock = Stopwatch.StartNew();
        // another program may have taken the port meanwhile, which shows at once
        return WorksAt(FreePort(), c10d) || (clock.Elapsed < Patience && WorksAt(FreePort(), c10d));
    }

    /// <summary>A port that nothing listens at.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool WorksAt(int port, C10dLibrary c10d)
    {
        var master = new RankEnvironment(0, 2, 0, "127.0.0.1", port, Patience);
        GlooStore? server = null, client = null;
        try
        {
            server = new GlooStore(c10d, master, CancellationToken.None);
            client = new GlooStore(c10d, master with { Rank = 1 }, CancellationToken.None);
            return server.WaitsAsTold && client.WaitsAsTold && server.Add("check", 40) == 40 && client.Add("check", 2) == 42;
        }
        catch (DistributedTrainingException)
        {
            return false;
        }
        finally
        {
            client?.Close();
            server?.Close();
        }
    }

    private bool WaitsAsTold =>
        *((delegate* unmanaged<byte*, long*>)_c10d.StoreTimeout)(_store) == (long)_ranks.Timeout.TotalMilliseconds;

    private string Place => FormattableString.Invariant($"{_ranks.Host}:{_ranks.Port}");

    /// <summary>Waits until all ranks have come.</summary>
    /// <exception cref="DistributedTrainingException">Some have not in time, or two are the same rank.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled meanwhile.</exception>
    public void AwaitAll()
    {
        try
        {
            Join();
            CountAll();
        }
        catch
        {
            Close();
            throw;
        }
    }

    private void Join()
    {
        if (Add(FormattableString.Invariant($"rank-{_ranks.Rank}"), 1) > 1)
        {
            throw new DistributedTrainingException(
                $"Two processes at {Place} say that they are rank {_ranks.Rank} of {_ranks.Count}; give each a RANK of its own.");
        }

        _come = Add(Joined, 1);
    }

    private void CountAll()
    {
        for (; _come < _ranks.Count; _come = Add(Joined, 0))
        {
            if (Add(Left, 0) > 0) throw Gone("A rank");
            if (_cancellation.IsRequested)
            {
                Add(Left, 1);
                _cancellation.ThrowIfRequested();
            }

            if (_clock.Elapsed > _ranks.Timeout)
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

    private DistributedTrainingException Gone(string which) => new(FormattableString.Invariant(
        $"{which} at {Place} has gone when {_come} of {_ranks.Count} ranks had come; its own output says why."));

    /// <summary>Adds to a number of the table.</summary>
    /// <returns>The number now.</returns>
    private long Add(string name, long amount)
    {
        ref nint key = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, name, out bool isKnown);
        if (!isKnown) key = CxxObjects.Text(name);
        nint* bytes = (nint*)CxxObjects.Allocate(24); // std::vector<uint8_t>: begin, end, capacity
        if (!_c10d.Try(_c10d.StoreAdd, (nint)_store, key, (nint)amount) || !_c10d.Try(_c10d.StoreGet, (nint)bytes, (nint)_store, key))
            throw Gone("Rank 0");
        var text = new ReadOnlySpan<byte>((void*)bytes[0], (int)(bytes[1] - bytes[0]));
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new DistributedTrainingException($"What answers at {Place} is not rank 0: it says '{Encoding.ASCII.GetString(text)}'.");
    }

    // Closes the connections, and lets the port go.
    private void Close() => _ = _c10d.Try(_c10d.DestroyStore, (nint)_store);

    // libtorch's own wait for it is longer than what it is told.
    private void AwaitMaster()
    {
        for (; ; Thread.Sleep(Pause))
        {
            _cancellation.ThrowIfRequested();
            try
            {
                TryConnect();
                return;
            }
            catch (Exception fault) when (fault is SocketException or TimeoutException)
            {
                if (_clock.Elapsed < _ranks.Timeout) continue;
                throw new DistributedTrainingException(
                    FormattableString.Invariant(
                        $"Rank 0 did not answer at {Place} (MASTER_ADDR, MASTER_PORT) within {_ranks.Timeout.TotalSeconds:0} s: ")
                            + $"{fault.Message} {RankEnvironment.TimeoutVariable} says how long a rank waits.",
                    fault);
            }
        }
    }

    private void TryConnect()
    {
        using var probe = new TcpClient();
        Task connecting = probe.ConnectAsync(_ranks.Host, _ranks.Port);
        while (!((IAsyncResult)connecting).AsyncWaitHandle.WaitOne(Pause))
        {
            _cancellation.ThrowIfRequested();
            if (_clock.Elapsed > _ranks.Timeout) throw new TimeoutException("The connection is neither made nor refused.");
        }

        connecting.GetAwaiter().GetResult();
    }
}
