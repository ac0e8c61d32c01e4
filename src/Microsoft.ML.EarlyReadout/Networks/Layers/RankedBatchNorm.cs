using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Batch norm by the rows of all ranks: <c>y = weight·(x − μ)/√(σ² + ε) + bias</c>. Each rank gives its n, mean m and sum of squares
/// about it, M2; over ranks, <c>μ = Σ n·m / N</c> and <c>M2 = Σ M2 + Σ n·(m − μ)²</c>, which loses no digits as E[x²] − μ² does.
/// </summary>
/// <remarks>
/// One sum over ranks forward, one backward. The merging is in float64; what passes over the rows are libtorch's own kernels: its
/// statistics, and its batch norm in evaluation, which takes the merged ones.
/// </remarks>
internal sealed class RankedBatchNorm : autograd.SingleTensorFunction<RankedBatchNorm>
{
    // The mean and M2 of each channel, and how many values it has.
    private static readonly TensorScript _describe = new("describe", """
        def describe(input: Tensor, zero: Tensor, own: Tensor):
            channels = input.size(1)
            count = input.numel() // channels
            mean, variance = torch.batch_norm_update_stats(input, zero, zero, 0.0)
            own[:channels].copy_(mean)
            own[channels:2 * channels].copy_(variance).mul_(count)
            own[2 * channels:].fill_(count)
        """);

    // The gradients at the bias and at the weight.
    private static readonly TensorScript _sum = new("sum", """
        def sum(gradient: Tensor, input: Tensor, weight: Tensor, mean: Tensor, variance: Tensor, epsilon: float, own: Tensor):
            none, at_weight, at_bias = torch.native_batch_norm_backward(
                gradient, input, weight, mean, variance, None, None, False, epsilon, [False, True, True])
            own.copy_(torch.stack([at_bias, at_weight]))
        """);

    /// <inheritdoc/>
    public override string Name => nameof(RankedBatchNorm);

    /// <summary>y, of the type of the input.</summary>
    /// <param name="input">(B, C, H, W): this rank's rows.</param>
    /// <param name="weight">(C).</param>
    /// <param name="bias">(C).</param>
    /// <param name="over">What else there is to know.</param>
    public static Tensor Of(Tensor input, Tensor weight, Tensor bias, BatchNormOverRanks over) => apply(input, weight, bias, over);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext context, params object[] arguments)
    {
        var (input, weight, bias, over) =
            ((Tensor)arguments[0], (Tensor)arguments[1], (Tensor)arguments[2], (BatchNormOverRanks)arguments[3]);
        long channels = input.size(1);
        Tensor all = zeros([over.Ranks.Count, (2 * channels) + 1], ScalarType.Float64, input.device);
        _describe.Run(input, zeros(channels, ScalarType.Float32, input.device), all.select(0, over.Ranks.Rank));
        over.Ranks.Sum(all);

        Tensor counts = all.narrow(1, 2 * channels, 1), means = all.narrow(1, 0, channels); // (ranks, 1), (ranks, C)
        Tensor count = counts.sum();
        Tensor mean = means.mul(counts).sum(dim: 0).div(count); // (C)
        Tensor away = means.sub(mean);
        Tensor spread = all.narrow(1, channels, channels).sum(dim: 0).add(counts.mul(away.mul(away)).sum(dim: 0), Scalars.One);
        over.Follow(mean, spread.div(count.sub(Scalars.One)));

        (mean, Tensor variance) = (mean.to(ScalarType.Float32), spread.div(count).to(ScalarType.Float32));
        context.save_for_backward([input, weight, mean, variance, count]);
        context.save_data(nameof(BatchNormOverRanks), over);
        return Normal(input, mean, variance, weight, bias, over);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        var over = (BatchNormOverRanks)context.get_data(nameof(BatchNormOverRanks));
        using (gradient)
        using (NewDisposeScope()) // a GPU's thread of libtorch has none
        {
            try
            {
                List<Tensor> gradients = Backward(context.get_saved_variables(), gradient, over);
                over.Ranks.Keep(gradients);
                return gradients;
            }
            catch (Exception fault)
            {
                // nothing may be thrown through libtorch, which would end the process: the next sum says it
                over.Ranks.Fail(fault);
                return [null!, null!, null!, null!];
            }
        }
    }

    private static List<Tensor> Backward(List<Tensor> saved, Tensor gradient, BatchNormOverRanks over)
    {
        var (input, weight, mean, variance, count) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
        long channels = weight.numel();
        Tensor own = zeros([2, channels], ScalarType.Float32, input.device); // of this rank's rows
        _sum.Run(gradient, input, weight, mean, variance, Scalars.Of(over.Epsilon), own);
        Tensor sums = own.to(ScalarType.Float64);
        over.Ranks.Sum(sums);

        // a · (dy − E[dy] − normal · E[dy · normal]), of which the last two are a batch norm of another weight and bias
        Tensor scale = weight.mul(variance.add(Scalars.Of(over.Epsilon), Scalars.One).rsqrt()); // a, (C)
        Tensor means = sums.div(count).to(ScalarType.Float32).mul(scale).neg(); // (2, C)
        Tensor atInput = Normal(input.to(ScalarType.Float32), mean, variance, means.select(0, 1), means.select(0, 0), over)
            .addcmul_(gradient.to(ScalarType.Float32), scale.view(1, -1, 1, 1), Scalars.One).to(input.dtype);
        return [atInput, own.select(0, 1), own.select(0, 0), null!];
    }

    private static Tensor Normal(Tensor x, Tensor mean, Tensor variance, Tensor weight, Tensor bias, BatchNormOverRanks over) =>
        nn.functional.batch_norm(x, mean, variance, weight, bias, training: false, momentum: 0, over.Epsilon);
}

/// <summary>What batch norm over ranks knows besides its tensors.</summary>
/// <param name="Ranks">The ranks.</param>
/// <param name="Mean">The stored mean.</param>
/// <param name="Variance">The stored variance.</param>
/// <param name="Momentum">How far the stored statistics follow.</param>
/// <param name="Epsilon">ε.</param>
internal sealed record BatchNormOverRanks(RankGroup Ranks, Tensor Mean, Tensor Variance, double Momentum, double Epsilon)
{
    /// <summary>Lets the stored statistics follow those of a batch.</summary>
    public void Follow(Tensor mean, Tensor unbiasedVariance)
    {
        if (Momentum == 0) return;
        using IDisposable noGrad = no_grad();
        Mean.mul_(Scalars.Of(1 - Momentum)).add_(mean.to(Mean.dtype), Scalars.Of(Momentum));
        Variance.mul_(Scalars.Of(1 - Momentum)).add_(unbiasedVariance.to(Variance.dtype), Scalars.Of(Momentum));
    }
}
