using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Has this thread record gradients, whatever mode its caller has put it in: <see cref="no_grad"/> and <see cref="inference_mode"/> hold
/// for a whole thread, and without gradients libtorch ends the process (TorchSharp's <c>autograd.grad</c> lets its exception through).
/// </summary>
internal sealed class GradientScope : IDisposable
{
    private readonly IDisposable _gradients = enable_grad(), _inference = inference_mode(false);

    private GradientScope() { }

    /// <summary>Records gradients until the result is disposed; then the caller's mode is back.</summary>
    public static GradientScope Begin() => new();

    // In this order: leaving the one mode turns gradients on, whatever they were before.
    public void Dispose()
    {
        _inference.Dispose();
        _gradients.Dispose();
    }
}
