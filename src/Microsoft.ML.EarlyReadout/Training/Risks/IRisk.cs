using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>What is minimised over rows with labels.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public interface IRisk
{
    /// <summary>Tensors that it changes as it goes, for a checkpoint.</summary>
    IEnumerable<(string Name, Tensor Tensor)> State => [];

    /// <summary>The loss of a batch.</summary>
    /// <param name="logits">(B, C).</param>
    /// <param name="batch">The rows.</param>
    /// <returns>A scalar; the mean over the batch, in expectation over batches.</returns>
    Tensor Of(Tensor logits, Batch batch);
}
