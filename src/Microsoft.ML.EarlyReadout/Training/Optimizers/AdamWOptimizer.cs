using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>AdamW (Loshchilov and Hutter, 2019): Adam whose weight decay scales the weights directly, by 1 − ηλ in each step.</summary>
internal sealed class AdamWOptimizer : Optimizer
{
    private static readonly TensorScript _script = new("update", """
        def update(weights: List[Tensor], gradients: List[Tensor], firsts: List[Tensor], seconds: List[Tensor], steps: List[Tensor],
                   rate: float, beta1: float, beta2: float, epsilon: float, decay: float):
            torch._foreach_add_(steps, 1.0)
            none: List[Tensor] = []
            torch._fused_adamw_(weights, gradients, firsts, seconds, none, steps, lr=rate, beta1=beta1, beta2=beta2,
                                weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False)
        """);

    private readonly Scalar _beta1, _beta2, _epsilon;
    private readonly Tensor[] _firstMoments, _secondMoments, _steps;

    /// <summary>Takes the parameters and the rule's constants.</summary>
    /// <param name="parameters">The parameters by name.</param>
    /// <param name="beta1">Decay of the running mean of the gradients, in [0, 1).</param>
    /// <param name="beta2">Decay of the running mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">What is added to the root of the second, above 0.</param>
    /// <param name="weightDecay">λ, not negative.</param>
    public AdamWOptimizer(
        IReadOnlyList<(string Name, Parameter Parameter)> parameters, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
            double weightDecay = 0) : this([new ParameterGroup(parameters, 1, weightDecay)], beta1, beta2, epsilon)
    {
    }

    /// <summary>Takes the parameters in groups, and the rule's constants.</summary>
    /// <param name="groups">The groups, with their rates and weight decays.</param>
    /// <param name="beta1">Decay of the running mean of the gradients, in [0, 1).</param>
    /// <param name="beta2">Decay of the running mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">What is added to the root of the second, above 0.</param>
    public AdamWOptimizer(IReadOnlyList<ParameterGroup> groups, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
        : base(groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(beta1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(beta1, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(beta2);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(beta2, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        (_beta1, _beta2, _epsilon) = (Scalars.Of(beta1), Scalars.Of(beta2), Scalars.Of(epsilon));
        (_firstMoments, _secondMoments, _steps) = (ZerosLikeParameters(), ZerosLikeParameters(), ZeroCounts());
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> State =>
        Named("first moment", _firstMoments).Concat(Named("second moment", _secondMoments)).Concat(Named("step", _steps));

    /// <inheritdoc/>
    private protected override void Update(
        Tensor[] parameters, Tensor[] gradients, int[] indices, Scalar learningRate, Scalar weightDecay) =>
        _script.Run(parameters, gradients, Select(_firstMoments, indices), Select(_secondMoments, indices), Select(_steps, indices),
            learningRate, _beta1, _beta2, _epsilon, weightDecay);
}
