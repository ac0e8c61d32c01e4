using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Cross-entropy, each row alike (ERM): <c>1/B Σ_i −log p_{y_i}(x_i)</c>.</summary>
/// <param name="loss">The loss of a row.</param>
internal sealed class EmpiricalRisk(LabelLoss loss) : IRisk
{
    /// <summary>That of the labels as they are.</summary>
    public static readonly EmpiricalRisk Plain = new(LabelLoss.Plain);

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Batch batch) => loss.Mean(logits, batch);
}
