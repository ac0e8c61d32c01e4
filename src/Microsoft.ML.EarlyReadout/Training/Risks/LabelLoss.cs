using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The cross-entropy of rows with their labels, each label smoothed: <c>−w·Σ_c t_c·log p_c</c> with <c>t_c = (1 − ε)·[c = y] + ε/C</c>.
/// </summary>
/// <param name="smoothing">ε, from 0 to 1; 0: the labels as they are.</param>
/// <param name="weights">w of each row of the packed set; <see langword="null"/>: all are 1.</param>
/// <param name="device">The device of the training; the CPU where it is left out.</param>
internal sealed class LabelLoss(double smoothing, float[]? weights = null, Device? device = null) : IDisposable
{
    private readonly Tensor? _onDevice = weights is null ? null : tensor(weights, device: device).DetachFromDisposeScope(); // (N)

    /// <summary>That of the labels as they are, each row alike.</summary>
    public static readonly LabelLoss Plain = new(0);

    /// <summary>w of a row of the packed set.</summary>
    public double WeightOf(long row) => weights?[row] ?? 1;

    /// <summary>The loss of each row, (B).</summary>
    /// <param name="logits">(B, C).</param>
    /// <param name="batch">The rows.</param>
    public Tensor OfEach(Tensor logits, Batch batch) => Weigh(
        nn.functional.cross_entropy(logits, batch.Labels, reduction: nn.Reduction.None, label_smoothing: smoothing), batch);

    /// <summary>Their mean, a scalar.</summary>
    /// <param name="logits">(B, C).</param>
    /// <param name="batch">The rows.</param>
    public Tensor Mean(Tensor logits, Batch batch) => weights is null
        ? nn.functional.cross_entropy(logits, batch.Labels, label_smoothing: smoothing)
        : OfEach(logits, batch).mean();

    /// <summary>Other losses of the rows, (B), each times its w.</summary>
    /// <param name="losses">(B).</param>
    /// <param name="batch">The rows.</param>
    public Tensor Weigh(Tensor losses, Batch batch) => _onDevice is null ? losses : losses.mul(batch.Take(_onDevice));

    public void Dispose() => _onDevice?.Dispose();
}
