using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What of a loop a checkpoint holds and gives back.</summary>
/// <param name="Name">What is trained.</param>
/// <param name="Network">The network.</param>
/// <param name="Others">All other tensors that the steps change, by name.</param>
/// <param name="Best">The best network so far.</param>
/// <param name="Meters">The losses since the last point.</param>
internal sealed record ResumableLoop(
    string Name, StagedNetwork Network, IEnumerable<(string Name, Tensor Tensor)> Others, BestNetwork Best, LossMeters Meters);
