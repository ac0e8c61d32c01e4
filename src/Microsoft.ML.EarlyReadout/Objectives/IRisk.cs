using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What is minimised over rows with labels.</summary>
internal interface IRisk
{
    /// <param name="logits">(B, C).</param>
    /// <param name="batch">The rows.</param>
    /// <returns>A scalar; the mean over the batch, in expectation over batches.</returns>
    Tensor Of(Tensor logits, Batch batch);
}
