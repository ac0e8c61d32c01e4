using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace Studies;

/// <summary>
/// The command <c>devices</c>: which libtorch is loaded, what it finds to train on, and whether each computes what the CPU does.
/// </summary>
internal static class Devices
{
    private const double Tolerance = 0.02; // for numbers of about 5: a GPU may convolve in TF32, with 10 bits of mantissa

    /// <summary>Prints a line a device.</summary>
    /// <returns>The exit code: 1 where a device computes something else.</returns>
    public static int Run()
    {
        NativeBackend.EnsureConvolves();
        Console.WriteLine(NativeBackend.Description);
        Console.WriteLine($"convolutions: {NativeBackend.ConvolutionFinding ?? "right"}");
        Console.WriteLine($"trains on {TrainingProcessor.Name}");
        using Generator generator = new(1, CPU);
        using Tensor images = randn([8, 3, 16, 16], generator: generator), kernels = randn([4, 3, 3, 3], generator: generator);
        using Tensor expected = nn.functional.conv2d(images, kernels);
        bool agree = true;
        int gpus = cuda.is_available() ? cuda.device_count() : 0;
        foreach (Device device in Enumerable.Range(0, gpus).Select(index => new Device(DeviceType.CUDA, index)).Prepend(CPU))
        {
            using Tensor computed = nn.functional.conv2d(images.to(device), kernels.to(device)).cpu();
            double difference = computed.sub(expected).abs().max().item<float>();
            agree &= difference <= Tolerance;
            Console.WriteLine(FormattableString.Invariant($"{device}: a convolution differs from the CPU's by {difference:E1}"));
        }

        return agree ? 0 : 1;
    }
}
