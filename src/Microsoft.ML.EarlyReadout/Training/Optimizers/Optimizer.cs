using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
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
[Experimental(Seam.Id)]
public abstract class Optimizer : IDisposable
{
    private readonly string[] _names;
    private readonly Tensor[] _parameters;

    /// <summary>Takes the parameters to move; they stay the caller's.</summary>
    /// <exception cref="ArgumentException">There is no parameter, or two share a name.</exception>
    private protected Optimizer(IReadOnlyList<(string Name, Parameter Parameter)> parameters)
    {
        if (parameters.Count == 0)
            throw new ArgumentException("An optimiser needs at least one parameter.", nameof(parameters));
        if (parameters.GroupBy(entry => entry.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Two parameters are named '{twice.Key}'.", nameof(parameters));
        _names = [.. parameters.Select(entry => entry.Name)];
        _parameters = [.. parameters.Select(entry => (Tensor)entry.Parameter)];
    }

    /// <summary>The optimiser that options describe.</summary>
    /// <param name="options">The options.</param>
    /// <param name="parameters">The parameters to move, by name; they stay the caller's.</param>
    /// <exception cref="ArgumentException">There is no parameter, or two share a name.</exception>
    public static Optimizer Create(OptimizerOptions options, IReadOnlyList<(string Name, Parameter Parameter)> parameters) =>
        options.Kind switch
        {
            OptimizerKind.AdamW => new AdamWOptimizer(parameters, weightDecay: options.WeightDecay),
            OptimizerKind.Sgd => Descent(parameters, options.Momentum, options.WeightDecay),
            _ => throw new UnreachableException($"No optimiser is known by the name {options.Kind}."),
        };

    /// <summary>Stochastic gradient descent: g ← g + λw; m ← μm + g; w ← w − ηm, with rate η.</summary>
    /// <param name="parameters">The parameters to move, by name; they stay the caller's.</param>
    /// <param name="momentum">μ, in [0, 1); 0 is plain descent, which keeps no state.</param>
    /// <param name="weightDecay">λ, not negative.</param>
    /// <exception cref="ArgumentException">There is no parameter, two share a name, or a number is out of range.</exception>
    public static Optimizer Descent(
        IReadOnlyList<(string Name, Parameter Parameter)> parameters, double momentum = 0, double weightDecay = 0) =>
        new SgdOptimizer(parameters, momentum, weightDecay);

    /// <summary>
    /// The running averages and counts, each named by its parameter and its meaning, such as "conv1.weight/momentum". They stay the
    /// optimiser's.
    /// </summary>
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

    /// <summary>
    /// One step down a loss at the options' rate, times the schedule's factor: backward, clip, move, forget the gradients.
    /// </summary>
    /// <param name="loss">The loss, a scalar.</param>
    /// <param name="options">The options, of which none is automatic any more.</param>
    /// <param name="context">Where the training stands; it is told the norm of the gradients, so that one that is not finite is
    /// noticed.</param>
    public void Minimize(Tensor loss, OptimizerOptions options, in StepContext context) =>
        Minimize(loss, options.LearningRate!.Value * context.RateFactor, options.ClipNorm, context.Meters);

    /// <summary>
    /// One step along gradients that are there, at the options' rate, times the schedule's factor: clip, move, forget them.
    /// </summary>
    /// <param name="options">The options, of which none is automatic any more.</param>
    /// <param name="context">As for <see cref="Minimize(Tensor, OptimizerOptions, in StepContext)"/>.</param>
    public void Descend(OptimizerOptions options, in StepContext context) =>
        Descend(options.LearningRate!.Value * context.RateFactor, options.ClipNorm, context.Meters);

    /// <summary>One step down a loss: backward, clip, move, forget the gradients.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="clipNorm">The largest norm of all gradients together; 0: no bound.</param>
    /// <param name="meters">Watches that norm, so that a gradient that is not finite is noticed.</param>
    internal void Minimize(Tensor loss, double learningRate, double clipNorm, LossMeters meters)
    {
        loss.backward();
        Descend(learningRate, clipNorm, meters);
    }

    /// <summary>One step along gradients that are there: clip, move, forget them.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="clipNorm">The largest norm of all gradients together; 0: no bound.</param>
    /// <param name="meters">Watches that norm, so that a gradient that is not finite is noticed.</param>
    internal void Descend(double learningRate, double clipNorm, LossMeters meters)
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
    internal void ClipGradients(double maxNorm)
    {
        using var scope = NewDisposeScope();
        using var ungraded = no_grad();
        GradientClipping.Apply(FindGradients().Gradients, maxNorm);
    }

    /// <summary>The Euclidean norm of all gradients together, a scalar; the device is not waited for.</summary>
    internal Tensor GradientNorm()
    {
        using var ungraded = no_grad();
        return GradientClipping.Norm(FindGradients().Gradients, _parameters[0].device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, tensor) in State)
            tensor.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes one zero tensor per parameter, of its shape, layout and device.</summary>
    private protected Tensor[] ZerosLikeParameters() => [.. _parameters.Select(parameter => Own(zeros_like(parameter.detach())))];

    /// <summary>Makes one zero number per parameter, on its device.</summary>
    private protected Tensor[] ZeroCounts() => [.. _parameters.Select(parameter => Own(zeros([], float32, parameter.device)))];

    /// <summary>Names one tensor per parameter.</summary>
    private protected IEnumerable<(string Name, Tensor Tensor)> Named(string meaning, Tensor[] tensors) =>
        tensors.Select((tensor, i) => ($"{_names[i]}/{meaning}", tensor));

    /// <summary>The entries at the given places; the array itself where that is all of them.</summary>
    private protected static Tensor[] Select(Tensor[] all, int[] indices) =>
        indices.Length == all.Length ? all : [.. indices.Select(i => all[i])];

    /// <summary>Applies the rule in place.</summary>
    /// <param name="parameters">The parameters that have a gradient.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="indices">Their places among all parameters.</param>
    /// <param name="learningRate">The rate of this step.</param>
    private protected abstract void Update(Tensor[] parameters, Tensor[] gradients, int[] indices, Scalar learningRate);

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
