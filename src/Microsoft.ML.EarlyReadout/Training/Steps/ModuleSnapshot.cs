using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A copy of the parameters and statistics of some modules, to go back to.</summary>
internal sealed class ModuleSnapshot : IDisposable
{
    private readonly IReadOnlyList<nn.Module> _modules;
    private readonly Dictionary<string, Tensor> _copies;

    private ModuleSnapshot(IReadOnlyList<nn.Module> modules)
    {
        _modules = modules;
        using var noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _copies = ModuleState.OfAll(modules).ToDictionary(
            entry => entry.Name, entry => entry.Tensor.detach().clone().DetachFromDisposeScope());
    }

    /// <summary>The copies, named as by <see cref="ModuleState.OfAll"/>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _copies.Select(entry => (entry.Key, entry.Value));

    /// <summary>Takes the copy; it stays on the modules' device.</summary>
    public static ModuleSnapshot Of(IReadOnlyList<nn.Module> modules) => new(modules);

    /// <summary>Writes the copy back into the modules that it was taken from.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor tensor) in ModuleState.OfAll(_modules)) tensor.copy_(_copies[name]);
    }

    public void Dispose()
    {
        foreach (Tensor copy in _copies.Values) copy.Dispose();
        _copies.Clear();
    }
}
