using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A copy of a network's parameters and statistics in managed memory: it needs no disposing, so that an exception can carry it.
/// </summary>
/// <threadsafety>All members are thread-safe.</threadsafety>
internal sealed class TrainedWeights
{
    /// <summary>None: there was no memory to copy them, or no network was trained.</summary>
    public static readonly TrainedWeights None = new(null);

    private readonly IReadOnlyList<TrainedTensor>? _tensors;

    public TrainedWeights(IReadOnlyList<TrainedTensor>? tensors) => _tensors = tensors;

    /// <summary>The parameters and statistics, by the network's own names.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public IReadOnlyList<TrainedTensor> Tensors => _tensors
        ?? throw new InvalidOperationException(
            "There are no trained weights: there was no memory to keep them, or no network was trained.");

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

    /// <summary>Writes them as a safetensors file: wholly or not at all.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        IReadOnlyList<TrainedTensor> tensors = Tensors;
        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        SafetensorsFile.Write(path, tensors.Select(entry =>
        {
            Tensor tensor = empty(entry.Shape, entry.Type);
            entry.Bytes.CopyTo(tensor.bytes);
            return KeyValuePair.Create(entry.Name, tensor);
        }));
    }

    private static byte[] Bytes(Tensor tensor) => tensor.detach().cpu().contiguous().bytes.ToArray();
}
