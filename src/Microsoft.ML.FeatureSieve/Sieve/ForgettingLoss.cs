using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureSieve;

/// <summary>
/// The cross-entropy between the uniform distribution over the classes and the readout's, averaged over the batch:
/// <c>L_forget = −(1/C) Σ_c log q_c</c> with q = softmax(logits). Its minimum, log C, is reached where the readout sees nothing.
/// </summary>
/// <remarks>"Overcoming Simplicity Bias in Deep Networks using a Feature Sieve", ICML 2023.</remarks>
internal static class ForgettingLoss
{
    /// <param name="logits">The readout's logits (B, C), before any softmax.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Of(Tensor logits)
    {
        using Tensor logProbabilities = nn.functional.log_softmax(logits, 1); // (B, C)
        using Tensor mean = logProbabilities.mean(); // over rows and classes: 1/B Σ_b 1/C Σ_c
        return mean.neg();
    }

    /// <summary>The chart in which reports show it, against its minimum.</summary>
    /// <param name="classes">C.</param>
    public static MeterChart Chart(int classes) => new(
        "forgetting loss",
        "It must fall towards its bound, where the readout cannot tell the classes apart; where it stays high, nothing is forgotten.")
    {
        Bound = new MeterBound("log C", Math.Log(classes)),
    };
}
