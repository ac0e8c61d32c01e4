using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The cross-entropy of rows with their labels, each label smoothed: <c>−Σ_c t_c·log p_c</c> with <c>t_c = (1 − ε)·[c = y] + ε/C</c>.
/// </summary>
/// <param name="smoothing">ε, from 0 to 1; 0: the labels as they are.</param>
internal sealed class LabelLoss(double smoothing)
{
    /// <summary>That of the labels as they are.</summary>
    public static readonly LabelLoss Plain = new(0);

    /// <summary>The loss of each row, (B).</summary>
    /// <param name="logits">(B, C).</param>
    /// <param name="batch">The rows.</param>
    public Tensor OfEach(Tensor logits, Batch batch) =>
        nn.functional.cross_entropy(logits, batch.Labels, reduction: nn.Reduction.None, label_smoothing: smoothing);

    /// <summary>Their mean, a scalar.</summary>
    /// <param name="logits">(B, C).</param>
    /// <param name="batch">The rows.</param>
    public Tensor Mean(Tensor logits, Batch batch) => nn.functional.cross_entropy(logits, batch.Labels, label_smoothing: smoothing);
}
