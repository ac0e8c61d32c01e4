using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Some rows as tensors on the device of the training.</summary>
/// <param name="Features">(B, D), (B, C, H, W) or (B, H, W, C), as <see cref="FeatureShape.Dimensions"/> says; uint8 or float32, in the column's units.</param>
/// <param name="Labels">(B), int64: the classes, from 0.</param>
/// <param name="Scores">(B, classes), float32: the teacher's scores; <see langword="null"/> where no column was named.</param>
/// <param name="Rows">The rows' places in the training set.</param>
internal sealed record Batch(Tensor Features, Tensor Labels, Tensor? Scores, long[] Rows) : IDisposable
{
    /// <summary>The number of rows, B.</summary>
    public int Count => Rows.Length;

    /// <summary>Disposes the tensors, for a caller without a dispose scope.</summary>
    public void Dispose()
    {
        Features.Dispose();
        Labels.Dispose();
        Scores?.Dispose();
    }
}
