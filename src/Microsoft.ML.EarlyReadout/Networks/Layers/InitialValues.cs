using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Fills parameters in place. Numbers are drawn on the generator's device, so that a seed gives the same network on every device.
/// </summary>
internal static class InitialValues
{
    public static void Normal(Tensor parameter, double deviation, Generator generator) =>
        Copy(parameter, fresh => fresh.normal_(0, deviation, generator), generator);

    public static void Uniform(Tensor parameter, double bound, Generator generator) =>
        Copy(parameter, fresh => fresh.uniform_(-bound, bound, generator), generator);

    public static void Fill(Tensor parameter, Scalar value)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        parameter.fill_(value);
    }

    private static void Copy(Tensor parameter, Func<Tensor, Tensor> draw, Generator generator)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        parameter.copy_(draw(empty(parameter.shape, float32, generator.device)));
    }
}
