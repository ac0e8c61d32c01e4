using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Moves parameters against their gradients, all of them in one fused call.</summary>
/// <remarks>
/// TorchSharp's own optimisers make unprotected Scalars in every step and crash beside a busy garbage collector; these make none.
/// Build one after the parameters are on their device and in their memory layout: its state follows both.
/// </remarks>
/// <threadsafety>Not thread-safe: one training loop owns it.</threadsafety>
internal abstract class Optimizer : IDisposable
{
    private readonly string[] _names;
    private readonly Tensor[] _parameters;

    /// <summary>Takes the parameters to move; they stay the caller's.</summary>
    /// <exception cref="ArgumentException">There is no parameter, or two share a name.</exception>
    protected Optimizer(IReadOnlyList<(string Name, Parameter Parameter)> parameters)
    {
        if (parameters.Count == 0)
            throw new ArgumentException("An optimiser needs at least one parameter.", nameof(parameters));
        if (parameters.GroupBy(entry => entry.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Two parameters are named '{twice.Key}'.", nameof(parameters));
        _names = [.. parameters.Select(entry => entry.Name)];
        _parameters = [.. parameters.Select(entry => (Tensor)entry.Parameter)];
    }

    /// <summary>The optimiser that options describe.</summary>
    public static Optimizer Create(OptimizerOptions options, IReadOnlyList<(string Name, Parameter Parameter)> parameters) => options.Kind switch
    {
        OptimizerKind.AdamW => new AdamWOptimizer(parameters, weightDecay: options.WeightDecay),
        _ => new SgdOptimizer(parameters, options.Momentum, options.WeightDecay),
    };

    /// <summary>The running averages and counts, each named by its parameter and its meaning, such as "conv1.weight/momentum". They stay the optimiser's.</summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State { get; }

    /// <summary>Moves each parameter that has a gradient; the others, and their state, stay as they are.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope(); // holds the gradients' handles until the native call is over
        using var ungraded = no_grad();
        var (indices, gradients) = FindGradients();
        if (indices.Length == 0)
            return;
        using var rate = Scalars.Passing(learningRate);
        Update(Select(_parameters, indices), gradients, indices, rate);
    }

    /// <summary>One step down a loss: backward, clip, move, forget the gradients.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="clipNorm">The largest norm of all gradients together; 0: no bound.</param>
    /// <param name="meters">Watches that norm, so that a gradient that is not finite is noticed.</param>
    public void Minimize(Tensor loss, double learningRate, double clipNorm, LossMeters meters)
    {
        loss.backward();
        Descend(learningRate, clipNorm, meters);
    }

    /// <summary>One step along gradients that are there: clip, move, forget them.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="clipNorm">The largest norm of all gradients together; 0: no bound.</param>
    /// <param name="meters">Watches that norm, so that a gradient that is not finite is noticed.</param>
    public void Descend(double learningRate, double clipNorm, LossMeters meters)
    {
        meters.Watch("gradient norm", GradientNorm());
        if (clipNorm > 0) ClipGradients(clipNorm);
        Step(learningRate);
        ZeroGradients();
    }

    /// <summary>Forgets all gradients, so that the next backward pass starts from none.</summary>
    public void ZeroGradients()
    {
        foreach (var parameter in _parameters)
            parameter.grad = null;
    }

    /// <summary>Scales all gradients down together where their common Euclidean norm is above <paramref name="maxNorm"/>.</summary>
    /// <param name="maxNorm">The largest norm, above 0.</param>
    public void ClipGradients(double maxNorm)
    {
        using var scope = NewDisposeScope();
        using var ungraded = no_grad();
        GradientClipping.Apply(FindGradients().Gradients, maxNorm);
    }

    /// <summary>The Euclidean norm of all gradients together, a scalar; the device is not waited for.</summary>
    public Tensor GradientNorm()
    {
        using var ungraded = no_grad();
        return GradientClipping.Norm(FindGradients().Gradients, _parameters[0].device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, tensor) in State)
            tensor.Dispose();
    }

    /// <summary>Makes one zero tensor per parameter, of its shape, layout and device.</summary>
    protected Tensor[] ZerosLikeParameters() => [.. _parameters.Select(parameter => Own(zeros_like(parameter.detach())))];

    /// <summary>Makes one zero number per parameter, on its device.</summary>
    protected Tensor[] ZeroCounts() => [.. _parameters.Select(parameter => Own(zeros([], float32, parameter.device)))];

    /// <summary>Names one tensor per parameter.</summary>
    protected IEnumerable<(string Name, Tensor Tensor)> Named(string meaning, Tensor[] tensors) =>
        tensors.Select((tensor, i) => ($"{_names[i]}/{meaning}", tensor));

    /// <summary>The entries at the given places; the array itself where that is all of them.</summary>
    protected static Tensor[] Select(Tensor[] all, int[] indices) => indices.Length == all.Length ? all : [.. indices.Select(i => all[i])];

    /// <summary>Applies the rule in place.</summary>
    /// <param name="parameters">The parameters that have a gradient.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="indices">Their places among all parameters.</param>
    /// <param name="learningRate">The rate of this step.</param>
    protected abstract void Update(Tensor[] parameters, Tensor[] gradients, int[] indices, Scalar learningRate);

    private (int[] Indices, Tensor[] Gradients) FindGradients()
    {
        var indices = new List<int>(_parameters.Length);
        var gradients = new List<Tensor>(_parameters.Length);
        for (int i = 0; i < _parameters.Length; i++)
            if (_parameters[i].grad is { } gradient)
            {
                indices.Add(i);
                gradients.Add(gradient);
            }
        return ([.. indices], [.. gradients]);
    }

    private static Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();
}
