using System.Diagnostics;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Ranks that sum over TCP, by the process group (c10d, Gloo) of the libtorch that is loaded.</summary>
/// <remarks>
/// Traffic is neither authenticated nor encrypted. The network interface is that of GLOO_SOCKET_IFNAME, else that of the host's name.
/// </remarks>
internal sealed unsafe class GlooGroup : RankGroup
{
    private readonly C10dLibrary _c10d;
    private readonly RankEnvironment _ranks;
    private readonly byte* _gloo = CxxObjects.Allocate(4096);
    private string? _fault; // why nothing can be summed any more

    /// <summary>Meets the other ranks.</summary>
    /// <param name="ranks">Who they are.</param>
    /// <param name="cancellation">Ends the wait for them.</param>
    /// <exception cref="DistributedTrainingException">They do not all come in time, or libtorch is another one.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public GlooGroup(RankEnvironment ranks, Cancellation cancellation)
    {
        NativeBackend.EnsureLoaded();
        (_c10d, _ranks) = (C10dLibrary.Load(), ranks);
        nint options = _c10d.CreateOptions(ranks.Timeout);
        var store = new GlooStore(_c10d, ranks, cancellation);
        store.AwaitAll();
        nint storePointer = store.Handle;
        if (!_c10d.Try(_c10d.CreateGloo, (nint)_gloo, (nint)(&storePointer), ranks.Rank, ranks.Count, (nint)(&options)))
        {
            throw new DistributedTrainingException(
                $"Rank {ranks.Rank} met the other ranks at {ranks.Host}, but they do not reach each other. Set GLOO_SOCKET_IFNAME to "
                    + "a network interface that all machines reach, and let firewalls pass any port between them. libtorch's reason is on "
                    + "the standard error output.");
        }

        CxxObjects.KeepForever(_gloo);
        ProcessGroupLayout group = _c10d.CreateProcessGroup(ranks.Rank, ranks.Count);
        group.SetCpuBackend((nint)_gloo);
        nint groupPointer = group.Group;
        if (!_c10d.Try(_c10d.RegisterGroup, CxxObjects.Text(GroupName), (nint)(&groupPointer)))
            throw new UnreachableException("The group of this process is made once.");
    }

    private const string GroupName = "mlsieve";

    /// <inheritdoc/>
    public override int Rank => _ranks.Rank;

    /// <inheritdoc/>
    public override int Count => _ranks.Count;

    /// <inheritdoc/>
    protected override void Add(Tensor tensor)
    {
        if (_fault is not null) throw new DistributedTrainingException(_fault);
        using IDisposable noGrad = no_grad();
        using Tensor own = tensor.detach();
        using Tensor onCpu = own.cpu();
        if (!TrySum(onCpu))
        {
            Disconnect($"Rank {Rank} of {Count} has lost another one: it ended, failed, or did not answer for "
                + FormattableString.Invariant($"{_ranks.Timeout.TotalSeconds:0} s. Look at the output of every rank, and start all of ")
                + "them again; with CheckpointDirectory they go on from the last checkpoint.");
            throw new DistributedTrainingException(_fault!);
        }

        if (tensor.device_type != TorchSharp.DeviceType.CPU) tensor.copy_(onCpu);
    }

    /// <inheritdoc/>
    public override void Leave() => Disconnect(
        $"Rank {Rank} of {Count} has left the others, because a fit of it failed. Start all ranks again.");

    private void Disconnect(string why)
    {
        if (_fault is not null) return;
        _fault = why;
        _ = _c10d.Try(_c10d.DestroyGloo, (nint)_gloo); // closes the connections
    }

    private bool TrySum(Tensor onCpu)
    {
        ReadOnlySpan<byte> sum = "sum\0"u8, group = "mlsieve\0"u8;
        nint same, done;
        fixed (byte* operation = sum, name = group)
        {
            if (((delegate* unmanaged<nint, byte*, byte*, nint*, int>)_c10d.AllReduce)(onCpu.Handle, operation, name, &same) != 0)
                return false;
        }

        bool isDone = ((delegate* unmanaged<nint, nint*, int>)_c10d.Wait)(same, &done) == 0;
        Delete(same);
        if (isDone) Delete(done);
        GC.KeepAlive(onCpu);
        return isDone;
    }

    private void Delete(nint handle) => _ = ((delegate* unmanaged<nint, int>)_c10d.DeleteTensor)(handle);
}
