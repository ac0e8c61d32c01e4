using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Adds the gradients of all ranks, in place: one sum over ranks for all of them.</summary>
internal static class GradientSum
{
    /// <summary>Adds them.</summary>
    /// <param name="gradients">Gradients of one device and type.</param>
    /// <param name="ranks">The ranks.</param>
    public static void Apply(Tensor[] gradients, RankGroup ranks)
    {
        if (ranks.IsSingle || gradients.Length == 0) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor bucket = cat([.. gradients.Select(gradient => gradient.reshape(-1))]);
        ranks.Sum(bucket);
        long start = 0;
        foreach (Tensor gradient in gradients)
        {
            long count = gradient.numel();
            gradient.copy_(bucket.narrow(0, start, count).view(gradient.shape));
            start += count;
        }
    }
}
