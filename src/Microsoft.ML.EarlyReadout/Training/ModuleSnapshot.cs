using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A copy of the parameters and statistics of some modules, to go back to.</summary>
internal sealed class ModuleSnapshot : IDisposable
{
    private readonly List<(nn.Module Module, Dictionary<string, Tensor> Copies)> _state = [];

    /// <summary>Takes the copy; it stays on the modules' device.</summary>
    public static ModuleSnapshot Of(IEnumerable<nn.Module> modules)
    {
        using var noGrad = no_grad();
        var snapshot = new ModuleSnapshot();
        foreach (nn.Module module in modules)
            snapshot._state.Add((module, module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().DetachFromDisposeScope())));
        return snapshot;
    }

    /// <summary>Writes the copy back into the modules that it was taken from.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        foreach ((nn.Module module, Dictionary<string, Tensor> copies) in _state)
            foreach ((string name, Tensor value) in module.state_dict()) value.copy_(copies[name]);
    }

    public void Dispose()
    {
        foreach (Tensor copy in _state.SelectMany(kept => kept.Copies.Values)) copy.Dispose();
        _state.Clear();
    }
}
