using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The second stage of automatic feature reweighting: gradient descent of a linear layer θ, from θ₀, on
/// <c>Σ_i w_i·(−log p_{y_i}(x_i)) + λ·‖θ − θ₀‖²</c> over all rows at once. As released, it has no momentum and clips the gradient
/// to norm 1.
/// </summary>
internal sealed class LastLayerDescent : IDisposable
{
    private const double GradientNorm = 1;

    private readonly Linear _start;
    private readonly Tensor _embeddings, _labels, _weights;
    private readonly double _rate, _penalty;
    private readonly SgdOptimizer _optimizer;

    /// <param name="start">θ₀; it stays as it is.</param>
    /// <param name="embeddings">(N, D), float32, on the layer's device.</param>
    /// <param name="labels">(N), int64.</param>
    /// <param name="weights">(N), float32.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="penalty">λ.</param>
    public LastLayerDescent(Linear start, Tensor embeddings, Tensor labels, Tensor weights, double rate, double penalty)
    {
        (_start, _embeddings, _labels, _weights) = (start.Copy(), embeddings, labels, weights);
        (_rate, _penalty) = (rate, penalty);
        foreach (Tensor fixedValue in _start.parameters()) fixedValue.requires_grad = false;
        Layer = start.Copy();
        _optimizer = new SgdOptimizer([.. Layer.named_parameters()]);
    }

    /// <summary>θ.</summary>
    public Linear Layer { get; }

    /// <summary>One step.</summary>
    public void Step()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor losses = nn.functional.cross_entropy(Layer.call(_embeddings), _labels, reduction: nn.Reduction.None); // (N)
        Tensor loss = losses.mul(_weights).sum();
        foreach ((Tensor now, Tensor before) in Layer.parameters().Zip(_start.parameters()))
        {
            Tensor away = now.sub(before);
            loss = loss.add(away.mul(away).sum(), Scalars.Of(_penalty));
        }

        loss.backward();
        _optimizer.ClipGradients(GradientNorm);
        _optimizer.Step(_rate);
        _optimizer.ZeroGradients();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        Layer.Dispose();
        _start.Dispose();
    }
}
