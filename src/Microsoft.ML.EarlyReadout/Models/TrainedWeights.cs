using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A copy of a network's parameters and statistics in managed memory: it needs no disposing, so that an exception can carry it.
/// </summary>
/// <threadsafety>All members are thread-safe.</threadsafety>
internal sealed class TrainedWeights
{
    /// <summary>Those that there was no memory to copy.</summary>
    public static readonly TrainedWeights None = new(null);

    private readonly (string Name, ScalarType Type, long[] Shape, byte[] Bytes)[]? _tensors;

    private TrainedWeights((string, ScalarType, long[], byte[])[]? tensors) => _tensors = tensors;

    /// <summary>Copies what a network has now; <see cref="None"/> where there is no memory for that.</summary>
    public static TrainedWeights Of(StagedNetwork network)
    {
        try
        {
            using DisposeScope scope = NewDisposeScope();
            return new TrainedWeights(
                [.. ModuleState.Of(network).Select(entry => (entry.Name, entry.Tensor.dtype, entry.Tensor.shape, Bytes(entry.Tensor)))]);
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
        {
            return None;
        }
    }

    /// <summary>Writes them as a safetensors file: wholly or not at all.</summary>
    /// <exception cref="InvalidOperationException">There was no memory to copy them.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (_tensors is null) throw new InvalidOperationException("There was no memory to keep the weights.");
        using DisposeScope scope = NewDisposeScope();
        SafetensorsFile.Write(path, _tensors.Select(entry =>
        {
            Tensor tensor = empty(entry.Shape, entry.Type);
            entry.Bytes.CopyTo(tensor.bytes);
            return KeyValuePair.Create(entry.Name, tensor);
        }));
    }

    private static byte[] Bytes(Tensor tensor) => tensor.detach().cpu().contiguous().bytes.ToArray();
}
