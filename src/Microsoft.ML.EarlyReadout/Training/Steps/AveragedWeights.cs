using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The exponential moving average of the weights of some modules: after step t, from 0, a ← d·a + (1 − d)·w with
/// d = min(decay, (1 + t)/(10 + t)). It begins at the weights as they are.
/// </summary>
/// <remarks>
/// Parameters and batch norm's statistics alike, as timm averages them; what is counted in whole numbers is not averaged. The growing
/// decay is TensorFlow's: at a constant 0.999 the random start would still be a third of the average after 1,100 steps.
/// </remarks>
internal sealed class AveragedWeights : IDisposable
{
    // On a tensor that never changes it is exact, which d·a + (1 − d)·w is not.
    private static readonly TensorScript _script = new("average", """
        def average(averages: List[Tensor], weights: List[Tensor], share: float):
            torch._foreach_lerp_(averages, weights, share)
        """);

    private readonly IReadOnlyList<nn.Module> _modules;
    private readonly double _decay;
    private readonly string[] _names;
    private readonly Tensor[] _weights, _averages;

    /// <summary>Begins the average.</summary>
    /// <param name="modules">The modules, on their device and in their memory layout: the average follows both.</param>
    /// <param name="decay">The decay once it has grown, above 0 and less than 1.</param>
    public AveragedWeights(IReadOnlyList<nn.Module> modules, double decay)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(decay);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(decay, 1);
        (_modules, _decay) = (modules, decay);
        (string Name, Tensor Tensor)[] real = [.. ModuleState.OfAll(modules).Where(entry => entry.Tensor.is_floating_point())];
        _names = [.. real.Select(entry => entry.Name)];
        _weights = [.. real.Select(entry => entry.Tensor)];
        using var noGrad = no_grad();
        _averages = [.. _weights.Select(weight => weight.detach().clone().DetachFromDisposeScope())];
    }

    /// <summary>The averages by the names of their weights, for a checkpoint. They stay this object's.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _names.Zip(_averages);

    /// <summary>Takes in the weights as a step has left them; the device is not waited for.</summary>
    /// <param name="step">The steps before that one.</param>
    public void Add(long step)
    {
        using var noGrad = no_grad();
        using Scalar share = Scalars.Passing(1 - Math.Min(_decay, (1.0 + step) / (10.0 + step)));
        _script.Run(_averages, _weights, share);
    }

    /// <summary>Puts the averages in the place of the weights. Disposing the result puts the weights back, to the bit.</summary>
    public IDisposable Show()
    {
        var shown = new Shown(ModuleSnapshot.Of(_modules));
        Keep();
        return shown;
    }

    /// <summary>Puts the averages in the place of the weights.</summary>
    public void Keep()
    {
        using var noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((Tensor weight, Tensor average) in _weights.Zip(_averages)) weight.copy_(average);
    }

    public void Dispose()
    {
        foreach (Tensor average in _averages) average.Dispose();
    }

    // Putting back takes no memory, so that it also works where a validation has run out of it.
    private sealed class Shown(ModuleSnapshot weights) : IDisposable
    {
        public void Dispose()
        {
            weights.Restore();
            weights.Dispose();
        }
    }
}
