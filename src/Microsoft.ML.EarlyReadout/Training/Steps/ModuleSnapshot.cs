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
        _copies = Live().ToDictionary(entry => entry.Name, entry => entry.Tensor.detach().clone().DetachFromDisposeScope());
    }

    /// <summary>The copies. Those of the first module have its own names, the others' begin with their number.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _copies.Select(entry => (entry.Key, entry.Value));

    /// <summary>Takes the copy; it stays on the modules' device.</summary>
    public static ModuleSnapshot Of(IReadOnlyList<nn.Module> modules) => new(modules);

    /// <summary>Writes the copy back into the modules that it was taken from.</summary>
    public void Restore()
    {
        using var noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor tensor) in Live()) tensor.copy_(_copies[name]);
    }

    public void Dispose()
    {
        foreach (Tensor copy in _copies.Values) copy.Dispose();
        _copies.Clear();
    }

    private IEnumerable<(string Name, Tensor Tensor)> Live() =>
        _modules.SelectMany((module, i) => ModuleState.Of(module, i == 0 ? "" : FormattableString.Invariant($"{i}/")));
}
