using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A copy of a network's parameters and statistics in managed memory: it needs no disposing, so that an exception can carry it.
/// </summary>
/// <threadsafety>All members are thread-safe.</threadsafety>
internal sealed class TrainedWeights
{
    /// <summary>None: they could not be copied, or no network was trained.</summary>
    public static readonly TrainedWeights None = new();

    private readonly Lazy<IReadOnlyList<TrainedTensor>>? _tensors;

    private TrainedWeights()
    {
    }

    /// <param name="tensors">The parameters and statistics.</param>
    public TrainedWeights(IReadOnlyList<TrainedTensor> tensors) => _tensors = new Lazy<IReadOnlyList<TrainedTensor>>(tensors);

    /// <param name="read">Gives them, on any thread, once they are asked for.</param>
    public TrainedWeights(Func<IReadOnlyList<TrainedTensor>> read) => _tensors = new Lazy<IReadOnlyList<TrainedTensor>>(
        read, LazyThreadSafetyMode.PublicationOnly); // a failure for want of memory is not kept

    /// <summary>The parameters and statistics, by the network's own names.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public IReadOnlyList<TrainedTensor> Tensors => _tensors?.Value
        ?? throw new InvalidOperationException(
            "There are no trained weights: they could not be copied, or no network was trained.");

    /// <summary>Whether there are any.</summary>
    public bool Any => _tensors is not null;

    /// <summary>Copies what a network has now; <see cref="None"/> where there is no memory for that.</summary>
    public static TrainedWeights Of(StagedNetwork network)
    {
        try
        {
            using DisposeScope scope = NewDisposeScope();
            return new TrainedWeights(
            [
                .. ModuleState.Of(network)
                    .Select(entry => new TrainedTensor(entry.Name, entry.Tensor.dtype, entry.Tensor.shape, Bytes(entry.Tensor))),
            ]);
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
        {
            return None;
        }
    }

    /// <summary>Writes them as a safetensors file: wholly or not at all. libtorch is not needed.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafetensorsFile.Write(path, Tensors.Select(
            tensor => new SafetensorsContent(tensor.Name, tensor.Type, tensor.Shape, stream => stream.Write(tensor.Bytes))));
    }

    private static byte[] Bytes(Tensor tensor) => tensor.detach().cpu().contiguous().bytes.ToArray();
}
