using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Cross-entropy, each row alike (ERM): <c>1/B Σ_i −log p_{y_i}(x_i)</c>.</summary>
internal sealed class EmpiricalRisk : IRisk
{
    public static readonly EmpiricalRisk Instance = new();

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Batch batch) => nn.functional.cross_entropy(logits, batch.Labels);
}
