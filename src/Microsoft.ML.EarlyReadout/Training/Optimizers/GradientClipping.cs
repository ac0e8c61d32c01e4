using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Clips gradients by their global norm: g ← g · min(1, c / (‖g‖ + 1e-6)), where ‖g‖ runs over all of them. The device is never waited for.
/// </summary>
internal static class GradientClipping
{
    private static readonly TensorScript _script = new("clip", """
        def clip(gradients: List[Tensor], most: float):
            norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients, 2.0)), 2.0)
            torch._foreach_mul_(gradients, torch.clamp(most / (norm + 1e-6), max=1.0))
        """);

    private static readonly TensorScript _norm = new("norm", """
        def norm(gradients: List[Tensor], result: Tensor):
            torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients, 2.0)), 2.0, out=result)
        """);

    /// <summary>‖g‖, a float32 scalar.</summary>
    /// <param name="gradients">Gradients on one device; none is fine.</param>
    /// <param name="device">That device.</param>
    public static Tensor Norm(Tensor[] gradients, Device device)
    {
        Tensor result = zeros([], ScalarType.Float32, device);
        if (gradients.Length > 0) _norm.Run(gradients, result);
        return result;
    }

    /// <summary>Scales the gradients in place.</summary>
    /// <param name="gradients">Gradients on one device; none is fine.</param>
    /// <param name="maxNorm">c, above 0.</param>
    public static void Apply(Tensor[] gradients, double maxNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNorm);
        if (gradients.Length > 0)
            _script.Run(gradients, Scalars.Of(maxNorm));
    }
}
