using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Ranks that have met, and sum what is on a GPU by NCCL, which is not waited for; all else as they met. Not yet run on a
/// GPU.</summary>
/// <param name="met">The ranks.</param>
/// <param name="nccl">NCCL.</param>
internal sealed class NcclGroup(RankGroup met, NcclLibrary nccl) : RankGroup
{
    private nint _communicator; // once a tensor on a GPU has been summed

    /// <summary>The ranks, with NCCL if all of them have it.</summary>
    /// <param name="met">The ranks.</param>
    /// <param name="nccl">NCCL; <see langword="null"/> where this rank was not told to use it.</param>
    /// <exception cref="DistributedTrainingException">Some have it and others not, or another version.</exception>
    public static RankGroup Over(RankGroup met, NcclLibrary? nccl)
    {
        met.RequireSame(new Dictionary<string, string> { [NcclLibrary.Variable] = nccl is null ? "not set" : $"NCCL {nccl.Version}" });
        return nccl is null ? met : new NcclGroup(met, nccl);
    }

    /// <summary>Throws where ranks that sum by NCCL would wait for one without a GPU.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="device">Where this one trains.</param>
    /// <exception cref="DistributedTrainingException">It is not a GPU.</exception>
    public static void RequireGpu(RankGroup ranks, Device device)
    {
        if (ranks is not NcclGroup || device.type == DeviceType.CUDA) return;
        throw new DistributedTrainingException(
            $"{NcclLibrary.Variable} is set, and rank {ranks.Rank} of {ranks.Count} trains on the CPU. Give each rank a GPU, or unset "
                + $"{NcclLibrary.Variable} in all of them.");
    }

    /// <inheritdoc/>
    public override int Rank => met.Rank;

    /// <inheritdoc/>
    public override int Count => met.Count;

    /// <inheritdoc/>
    protected override void Add(Tensor tensor)
    {
        if (tensor.device_type == DeviceType.CUDA) SumOn(tensor.device_index, tensor);
        else met.Sum(tensor);
    }

    /// <inheritdoc/>
    public override void Leave()
    {
        if (_communicator != 0) nccl.Abort(_communicator);
        _communicator = 0;
        met.Leave();
    }

    /// <summary>Sums by NCCL.</summary>
    /// <param name="device">The number of the GPU that the tensor is on.</param>
    /// <param name="tensor">The tensor.</param>
    internal void SumOn(int device, Tensor tensor) => nccl.On(device, () =>
    {
        if (_communicator == 0)
        {
            string id = met.Gather(IsFirst ? Convert.ToBase64String(nccl.DrawId()) : "")[0];
            _communicator = nccl.Join(Convert.FromBase64String(id), Rank, Count);
        }

        nccl.Sum(tensor.Handle, tensor.numel(), tensor.dtype, device, _communicator);
        GC.KeepAlive(tensor);
    });
}
