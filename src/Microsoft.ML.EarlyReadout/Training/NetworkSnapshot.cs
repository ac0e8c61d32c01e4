using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A copy of a network's parameters and statistics, to go back to.</summary>
internal sealed class NetworkSnapshot : IDisposable
{
    private readonly Dictionary<string, Tensor> _state = [];

    /// <summary>Takes the copy; it stays on the network's device.</summary>
    public static NetworkSnapshot Of(StagedNetwork network)
    {
        using var noGrad = no_grad();
        var snapshot = new NetworkSnapshot();
        foreach ((string name, Tensor value) in network.state_dict())
            snapshot._state.Add(name, value.detach().clone().DetachFromDisposeScope());
        return snapshot;
    }

    /// <summary>Writes the copy back into the network that it was taken from.</summary>
    public void Restore(StagedNetwork network)
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in network.state_dict()) value.copy_(_state[name]);
    }

    public void Dispose()
    {
        foreach (Tensor value in _state.Values) value.Dispose();
        _state.Clear();
    }
}
