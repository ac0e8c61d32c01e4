using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Moves parameters against their gradients, all of them in one fused call.</summary>
/// <remarks>
/// TorchSharp's own optimisers make unprotected Scalars in every step and crash beside a busy garbage collector; these make none.
/// Build one after the parameters are on their device and in their memory layout: its state follows both.
/// </remarks>
/// <threadsafety>Not thread-safe: one training loop owns it.</threadsafety>
[Experimental(ExperimentalId.OwnMethod)]
public abstract class Optimizer : IDisposable
{
    private readonly string[] _names;
    private readonly Tensor[] _parameters;
    private readonly GradientSum _sum = new();
    private readonly Part[] _parts; // one for each group, in the order of the parameters

    /// <summary>Takes the parameters to move; they stay the caller's.</summary>
    /// <exception cref="ArgumentException">There is no parameter, two share a name, or a weight decay is negative.</exception>
    private protected Optimizer(IReadOnlyList<ParameterGroup> groups)
    {
        foreach (ParameterGroup group in groups) ArgumentOutOfRangeException.ThrowIfNegative(group.WeightDecay);
        (string Name, Parameter Parameter)[] parameters = [.. groups.SelectMany(group => group.Parameters)];
        if (parameters.Length == 0)
            throw new ArgumentException("An optimiser needs at least one parameter.", nameof(groups));
        if (parameters.GroupBy(entry => entry.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Two parameters are named '{twice.Key}'.", nameof(groups));
        _names = [.. parameters.Select(entry => entry.Name)];
        _parameters = [.. parameters.Select(entry => (Tensor)entry.Parameter)];
        _parts = new Part[groups.Count];
        for (int i = 0, start = 0; i < _parts.Length; start += groups[i].Parameters.Count, i++)
            _parts[i] = new Part(start, start + groups[i].Parameters.Count, groups[i].RateFactor, Scalars.Of(groups[i].WeightDecay));
    }

    /// <summary>The optimiser of a network that options describe, with their rates for each stage. What is frozen is left out.</summary>
    /// <param name="options">The options, whose kind is not automatic any more.</param>
    /// <param name="network">The network; its parameters stay its own.</param>
    /// <exception cref="ArgumentException">The kind is automatic.</exception>
    public static Optimizer Create(OptimizerOptions options, StagedNetwork network) =>
        Create(options, network, [.. network.named_parameters()]);

    /// <summary>As <see cref="Create(OptimizerOptions, StagedNetwork)"/>, for some parameters of the network, and for others.</summary>
    /// <param name="options">The options.</param>
    /// <param name="network">The network.</param>
    /// <param name="parameters">The parameters to move, by name; they stay the caller's. Those that are not of the network's stem or
    /// stages move at the head's rate.</param>
    /// <exception cref="ArgumentException">There is no parameter, two share a name, or the kind is automatic.</exception>
    public static Optimizer Create(
        OptimizerOptions options, StagedNetwork network, IReadOnlyList<(string Name, Parameter Parameter)> parameters)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(parameters);
        IReadOnlyList<ParameterGroup> groups = ParameterGroup.Of(options, network, parameters);
        return options.Kind switch
        {
            OptimizerKind.Automatic => throw Automatic(nameof(options.Kind)),
            OptimizerKind.AdamW => new AdamWOptimizer(groups),
            OptimizerKind.Sgd => new SgdOptimizer(groups, options.Momentum),
            _ => throw new UnreachableException($"No optimiser is known by the name {options.Kind}."),
        };
    }

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
        Move(FindAll(), learningRate);
    }

    /// <summary>
    /// One step down a loss at the options' rate, times the schedule's factor: backward, clip, move, drop the gradients. Of a batch that
    /// passes the network in parts, the gradients of all parts are gathered, and the last one moves.
    /// </summary>
    /// <param name="loss">The loss, a scalar.</param>
    /// <param name="options">The options, of which none is automatic any more.</param>
    /// <param name="context">Where the training stands; it is told the norm of the gradients, so that one that is not finite is
    /// noticed.</param>
    /// <exception cref="ArgumentException">The learning rate or the clip norm is automatic.</exception>
    public void Minimize(Tensor loss, OptimizerOptions options, in StepContext context) =>
        Minimize(loss, RateOf(options) * context.RateFactor, ClipNormOf(options), context);

    /// <summary>
    /// One step along gradients that are there, at the options' rate, times the schedule's factor: clip, move, drop them.
    /// </summary>
    /// <param name="options">The options, of which none is automatic any more.</param>
    /// <param name="context">As for <see cref="Minimize(Tensor, OptimizerOptions, in StepContext)"/>.</param>
    /// <exception cref="ArgumentException">The learning rate or the clip norm is automatic.</exception>
    public void Descend(OptimizerOptions options, in StepContext context) =>
        Descend(RateOf(options) * context.RateFactor, ClipNormOf(options), context);

    /// <summary>One step down a loss: backward, clip, move, drop the gradients.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="clipNorm">The largest norm of all gradients together; 0: no bound.</param>
    /// <param name="context">Where the training stands; it is told that norm, so that a gradient that is not finite is noticed.</param>
    internal void Minimize(Tensor loss, double learningRate, double clipNorm, in StepContext context)
    {
        context.OfBatch(loss).backward();
        Descend(learningRate, clipNorm, context);
    }

    /// <summary>One step along gradients that are there: clip, move, drop them.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="clipNorm">The largest norm of all gradients together; 0: no bound.</param>
    /// <param name="context">Where the training stands; it is told that norm, so that a gradient that is not finite is noticed.</param>
    internal void Descend(double learningRate, double clipNorm, in StepContext context)
    {
        if (!context.EndsBatch) return; // the gradients of the batch are still gathered
        using DisposeScope scope = NewDisposeScope();
        using IDisposable ungraded = no_grad();
        Found[] found = FindAll(); // once: to look for them in each call takes a while in a step of a small network
        Tensor[] gradients = GradientsOf(found);
        _sum.Apply(ParametersOf(found), gradients, context.Meters.Ranks);
        context.Meters.CheckFinite("gradient norm", GradientClipping.Norm(gradients, _parameters[0].device));
        if (clipNorm > 0) GradientClipping.Apply(gradients, clipNorm);
        Move(found, learningRate);
        ZeroGradients();
    }

    /// <summary>
    /// Adds the gradients of all processes that train together (<see cref="TrainerOptions.Distribution"/>); <c>Minimize</c> and
    /// <c>Descend</c> do it themselves. A step that calls <see cref="Step"/> calls this before.
    /// </summary>
    /// <param name="context">Where the training stands.</param>
    public void SumOverRanks(in StepContext context)
    {
        if (context.Meters.Ranks.IsSingle) return;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable ungraded = no_grad();
        Found[] found = FindAll();
        _sum.Apply(ParametersOf(found), GradientsOf(found), context.Meters.Ranks);
    }

    /// <summary>Drops all gradients, so that the next backward pass starts from none.</summary>
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
        GradientClipping.Apply(GradientsOf(FindAll()), maxNorm);
    }

    /// <summary>The Euclidean norm of all gradients together, a scalar; the device is not waited for.</summary>
    internal Tensor GradientNorm()
    {
        using var ungraded = no_grad();
        return GradientClipping.Norm(GradientsOf(FindAll()), _parameters[0].device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, tensor) in State)
            tensor.Dispose();
        _sum.Dispose();
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
    /// <param name="learningRate">Their rate in this step.</param>
    /// <param name="weightDecay">Their weight decay.</param>
    private protected abstract void Update(
        Tensor[] parameters, Tensor[] gradients, int[] indices, Scalar learningRate, Scalar weightDecay);

    private void Move(Found[] found, double learningRate)
    {
        foreach ((Part part, int[] indices, Tensor[] gradients) in found)
        {
            if (indices.Length == 0) continue;
            using var rate = Scalars.Passing(learningRate * part.RateFactor);
            Update(Select(_parameters, indices), gradients, indices, rate, part.WeightDecay);
        }
    }

    private Found[] FindAll() => Array.ConvertAll(_parts, Find);

    private Found Find(Part part)
    {
        var indices = new List<int>(part.End - part.Start);
        var gradients = new List<Tensor>(part.End - part.Start);
        for (int i = part.Start; i < part.End; i++)
            if (_parameters[i].grad is { } gradient)
            {
                indices.Add(i);
                gradients.Add(gradient);
            }
        return new(part, [.. indices], [.. gradients]);
    }

    private static Tensor[] GradientsOf(Found[] found) =>
        found is [var only] ? only.Gradients : [.. found.SelectMany(each => each.Gradients)];

    private Tensor[] ParametersOf(Found[] found) => [.. found.SelectMany(each => each.Indices).Select(i => _parameters[i])];

    private static double RateOf(OptimizerOptions options) => options.LearningRate ?? throw Automatic(nameof(options.LearningRate));

    private static double ClipNormOf(OptimizerOptions options) => options.ClipNorm ?? throw Automatic(nameof(options.ClipNorm));

    private static ArgumentException Automatic(string option) => new(
        $"Optimizer.{option} is automatic, which only a trainer can settle: take the options of the TrainingSession, or set it.");

    private static Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();

    // Places among all parameters, the end not included, and what is theirs.
    private sealed record Part(int Start, int End, double RateFactor, Scalar WeightDecay);

    // What of a part has a gradient now: the places, and the gradients.
    private readonly record struct Found(Part Part, int[] Indices, Tensor[] Gradients);
}
