using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Stochastic gradient descent: g ← g + λw; m ← μm + g; w ← w − ηm, with rate η, momentum μ and weight decay λ.</summary>
internal sealed class SgdOptimizer : Optimizer
{
    // Momentum starts at zero, so that the first step's momentum is the gradient itself: no step is a special case.
    private static readonly TensorScript _script = new("update", """
        def update(weights: List[Tensor], gradients: List[Tensor], momenta: List[Tensor], rate: float, momentum: float, decay: float):
            torch._fused_sgd_(weights, gradients, momenta, weight_decay=decay, momentum=momentum, lr=rate, dampening=0.0,
                              nesterov=False, maximize=False, is_first_step=False)
        """);

    private readonly Scalar _momentum;
    private readonly Tensor[] _momenta;

    /// <summary>Takes the parameters and the rule's constants.</summary>
    /// <param name="parameters">The parameters by name.</param>
    /// <param name="momentum">μ, in [0, 1); 0 is plain descent, which keeps no state.</param>
    /// <param name="weightDecay">λ, not negative.</param>
    public SgdOptimizer(IReadOnlyList<(string Name, Parameter Parameter)> parameters, double momentum = 0, double weightDecay = 0)
        : this([new ParameterGroup(parameters, 1, weightDecay)], momentum)
    {
    }

    /// <summary>Takes the parameters in groups, and the rule's constant.</summary>
    /// <param name="groups">The groups, with their rates and weight decays.</param>
    /// <param name="momentum">μ, in [0, 1); 0 is plain descent, which keeps no state.</param>
    public SgdOptimizer(IReadOnlyList<ParameterGroup> groups, double momentum)
        : base(groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(momentum);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(momentum, 1);
        _momentum = Scalars.Of(momentum);
        _momenta = momentum > 0 ? ZerosLikeParameters() : [];
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> State => Named("momentum", _momenta);

    /// <inheritdoc/>
    private protected override void Update(
        Tensor[] parameters, Tensor[] gradients, int[] indices, Scalar learningRate, Scalar weightDecay) =>
        _script.Run(
            parameters, gradients, _momenta.Length == 0 ? _momenta : Select(_momenta, indices), learningRate, _momentum, weightDecay);
}
