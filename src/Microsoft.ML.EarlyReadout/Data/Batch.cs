using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Some rows as tensors on the device of the training.</summary>
[Experimental(Seam.Id)]
public sealed record Batch : IDisposable
{
    internal Batch(Tensor features, Tensor labels, Tensor? scores, long[] rows) =>
        (Features, Labels, Scores, Rows) = (features, labels, scores, rows);

    /// <summary>(B, D), (B, C, H, W) or (B, H, W, C), as <see cref="FeatureShape.Dimensions"/> says; uint8 or float32, in the column's
    /// units.</summary>
    public Tensor Features { get; internal init; }

    /// <summary>(B), int64: the classes, from 0.</summary>
    public Tensor Labels { get; }

    /// <summary>The rows' places among all that were read, which numbers by row are kept by.</summary>
    public IReadOnlyList<long> Places => Rows;

    /// <summary>(B, classes), float32: the teacher's scores; <see langword="null"/> where no column was named.</summary>
    internal Tensor? Scores { get; init; }

    /// <summary>The rows' places in the training set.</summary>
    internal long[] Rows { get; }

    /// <summary>(B, D) or (B, C, H, W): the teacher's features, or its feature maps, as uint8 where they are whole numbers up to 255,
    /// else float32; <see langword="null"/> where no column was named.</summary>
    internal Tensor? TeacherFeatures { get; init; }

    /// <summary>The number of rows, B.</summary>
    public int Count => Rows.Length;

    /// <summary>
    /// What the training set's rows have, for those of this batch: (B), float32, on its device. It belongs to the caller's dispose scope.
    /// </summary>
    /// <param name="ofRows">One number for each row of the training set.</param>
    public Tensor Take(ReadOnlySpan<float> ofRows)
    {
        Tensor values = empty(Rows.Length, ScalarType.Float32, CPU);
        Span<float> target = MemoryMarshal.Cast<byte, float>(values.bytes);
        for (int i = 0; i < Rows.Length; i++) target[i] = ofRows[(int)Rows[i]];
        return values.to(Labels.device);
    }

    /// <summary>As <see cref="Take(ReadOnlySpan{float})"/>, for whole numbers: (B), int64.</summary>
    public Tensor Take(int[] ofRows)
    {
        Tensor values = empty(Rows.Length, ScalarType.Int64, CPU);
        Span<long> target = MemoryMarshal.Cast<byte, long>(values.bytes);
        for (int i = 0; i < Rows.Length; i++) target[i] = ofRows[Rows[i]];
        return values.to(Labels.device);
    }

    /// <summary>Disposes the tensors, for a caller without a dispose scope.</summary>
    public void Dispose()
    {
        Features.Dispose();
        Labels.Dispose();
        Scores?.Dispose();
        TeacherFeatures?.Dispose();
    }
}
