using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Batch norm by the rows of all ranks: <c>y = weight·(x − μ)/√(σ² + ε) + bias</c>. Each rank gives its n, mean m and sum of squares
/// about it, M2; over ranks, <c>μ = Σ n·m / N</c> and <c>M2 = Σ M2 + Σ n·(m − μ)²</c>, which loses no digits as E[x²] − μ² does.
/// </summary>
/// <remarks>One sum over ranks forward, one backward. In float32, the merging in float64.</remarks>
internal sealed class RankedBatchNorm : autograd.SingleTensorFunction<RankedBatchNorm>
{
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
        Tensor x = input.to(ScalarType.Float32);
        Tensor own = x.mean([0, 2, 3]); // (C)
        Tensor apart = x.sub(Wide(own));
        Tensor squares = apart.mul(apart).sum([0, 2, 3]); // (C)
        Tensor all = zeros([over.Ranks.Count, (2 * channels) + 1], ScalarType.Float64, input.device);
        using Scalar rows = Scalars.Passing(x.numel() / channels);
        Tensor ownCount = full([1], rows, ScalarType.Float32, input.device);
        all.narrow(0, over.Ranks.Rank, 1).copy_(cat([own, squares, ownCount]).unsqueeze(0));
        over.Ranks.Sum(all);

        Tensor counts = all.narrow(1, 2 * channels, 1), means = all.narrow(1, 0, channels); // (ranks, 1), (ranks, C)
        Tensor count = counts.sum();
        Tensor mean = means.mul(counts).sum(dim: 0).div(count); // (C)
        Tensor away = means.sub(mean);
        Tensor spread = all.narrow(1, channels, channels).sum(dim: 0).add(counts.mul(away.mul(away)).sum(dim: 0), Scalars.One);
        over.Follow(mean, spread.div(count.sub(Scalars.One)));

        Tensor inverse = spread.div(count).add(Scalars.Of(over.Epsilon), Scalars.One).rsqrt().to(ScalarType.Float32);
        mean = mean.to(ScalarType.Float32);
        Tensor normal = x.sub(Wide(mean)).mul(Wide(inverse));
        context.save_for_backward([input, weight, mean, inverse, count]);
        context.save_data(nameof(over.Ranks), over.Ranks);
        return normal.mul(Wide(weight)).add(Wide(bias), Scalars.One).to(input.dtype);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        var ranks = (RankGroup)context.get_data(nameof(BatchNormOverRanks.Ranks));
        using (gradient)
        using (NewDisposeScope()) // a GPU's thread of libtorch has none
        {
            try
            {
                List<Tensor> gradients = Backward(context.get_saved_variables(), gradient, ranks);
                ranks.Keep(gradients);
                return gradients;
            }
            catch (Exception fault)
            {
                // nothing may be thrown through libtorch, which would end the process: the next sum says it
                ranks.Fail(fault);
                return [null!, null!, null!, null!];
            }
        }
    }

    private static List<Tensor> Backward(List<Tensor> saved, Tensor gradient, RankGroup ranks)
    {
        var (input, weight, mean, inverse, count) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
        Tensor atOutput = gradient.to(ScalarType.Float32);
        Tensor normal = input.to(ScalarType.Float32).sub(Wide(mean)).mul(Wide(inverse));
        Tensor atBias = atOutput.sum([0, 2, 3]), atWeight = atOutput.mul(normal).sum([0, 2, 3]); // (C), of this rank's rows
        Tensor sums = cat([atBias, atWeight]).to(ScalarType.Float64);
        ranks.Sum(sums);
        Tensor means = sums.div(count).to(ScalarType.Float32);
        long channels = weight.numel();
        Tensor centred = atOutput.sub(Wide(means.narrow(0, 0, channels))).sub(normal.mul(Wide(means.narrow(0, channels, channels))));
        Tensor atInput = centred.mul(Wide(inverse.mul(weight))).to(input.dtype);
        return [atInput, atWeight, atBias, null!];
    }

    private static Tensor Wide(Tensor ofChannels) => ofChannels.view(1, -1, 1, 1);
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
