using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Convolves numbers whose result is known, before a network does. oneDNN, which libtorch convolves with on x64, adapts its code to what
/// the processor says of itself. Where that was nonsense (<see cref="HiddenCaches"/>), the code of libtorch 2.10 has been seen to give
/// wrong sums, and other ones each time, without any error; that for SSE4.1 was right.
/// </summary>
internal static unsafe class ConvolutionCheck
{
    /// <summary>The environment variable that says which instructions oneDNN may use; it is read when oneDNN first computes.</summary>
    public const string Instructions = "ONEDNN_MAX_CPU_ISA";

    private const string OldestInstructions = "SSE41";
    private const string OneDnn = "_ZN2at7Context20setUserEnabledMkldnnEb", NnPack = "_ZN2at7Context20setUserEnabledNNPACKEb";
    private const double Tolerance = 1e-3; // of the largest number; wrong ones are off by more than a tenth

    // Rows, channels in, channels out, side, kernel, stride: channels that do not fill the blocks of 8 and of 16 that oneDNN computes in.
    private static readonly (int Rows, int In, int Out, int Side, int Kernel, int Stride)[] _cases =
        [(7, 12, 16, 4, 3, 1), (7, 12, 12, 5, 3, 1), (5, 30, 64, 8, 3, 1), (5, 24, 9, 8, 3, 2), (4, 100, 9, 7, 3, 2), (5, 3, 20, 9, 3, 1)];

    /// <summary>Which instructions oneDNN may use at most, as it sees it: chosen by someone, or here; <see langword="null"/>:
    /// all.</summary>
    public static string? MostInstructions =>
        OperatingSystem.IsLinux() ? LibC.GetEnvironmentVariable(Instructions) : Environment.GetEnvironmentVariable(Instructions);

    /// <summary>Checks, and keeps libtorch from using what is wrong here: oneDNN's newer instructions, or oneDNN.</summary>
    /// <param name="libTorch">What is loaded; <see langword="null"/> where TorchSharp loads it by itself.</param>
    /// <returns>What was found and done about it; <see langword="null"/> where all is well.</returns>
    /// <exception cref="NativeBackendException">Convolutions are wrong, and stay so.</exception>
    public static string? Run(LoadedLibTorch? libTorch)
    {
        IntPtr torchCpu = libTorch?.TorchCpu ?? 0;
        bool areCachesHidden = torchCpu != 0 && !StartsNnPack(torchCpu), keepsToOldest = areCachesHidden && !libTorch!.AssumesCaches;
        if (areCachesHidden) Set(torchCpu, NnPack, 0); // it would say at each convolution that it does not start
        if (keepsToOldest) LibC.SetEnvironmentDefault(Instructions, OldestInstructions);
        if (IsRight()) return keepsToOldest ? $"oneDNN keeps to {MostInstructions}, since this processor hides its caches" : null;

        if (torchCpu != 0 && Set(torchCpu, OneDnn, 0) && IsRight())
            return "oneDNN convolves wrongly on this processor, so libtorch computes without it, which takes longer";
        throw new NativeBackendException(
            $"libtorch's convolutions are wrong on this processor. Set the environment variable {Instructions} to {OldestInstructions} "
                + "before the app starts.");
    }

    // NNPACK, the other library that libtorch convolves with, does not start on processors whose caches it cannot tell.
    private static bool StartsNnPack(IntPtr torchCpu) =>
        !NativeLibrary.TryGetExport(torchCpu, "nnp_initialize", out IntPtr start) || ((delegate* unmanaged<int>)start)() == 0;

    private static bool IsRight()
    {
        using GradientScope gradients = GradientScope.Begin(); // a network may be built where none are recorded
        using DisposeScope scope = NewDisposeScope();
        foreach ((int rows, int channels, int filters, int side, int kernel, int stride) in _cases)
        {
            Litter(rows * Math.Max(channels, filters) * side * side, filters * channels * kernel * kernel);
            using Tensor input = Numbers(rows, channels, side, side), weights = Numbers(filters, channels, kernel, kernel);
            using Tensor single = Gradients(input, weights, stride), known = Gradients(input.@double(), weights.@double(), stride);
            // A number that is not finite is not within a tolerance either.
            if (!(known.sub(single).abs().max().ToDouble() <= Tolerance * known.abs().max().ToDouble())) return false;
        }

        return true;

        // The result and both gradients in one row. oneDNN does not compute doubles: those are right.
        static Tensor Gradients(Tensor input, Tensor weights, int stride)
        {
            using Tensor x = input.detach().requires_grad_(), w = weights.detach().requires_grad_();
            using Tensor result = nn.functional.conv2d(x, w, strides: [stride, stride], padding: [1, 1]);
            IList<Tensor> gradients = autograd.grad([result], [x, w], [result.detach()]);
            using Tensor a = gradients[0], b = gradients[1];
            return cat([result.detach().flatten(), a.flatten(), b.flatten()]).@double();
        }
    }

    // Between -1 and 1, without a generator: training draws from those.
    private static Tensor Numbers(params long[] shape)
    {
        var numbers = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = MathF.Sin(1.7f * i);
        return tensor(numbers, shape, device: CPU);
    }

    // Memory that was in use before: fresh memory is all zeros, which hides that a place was never written.
    private static void Litter(params int[] counts)
    {
        foreach (int count in counts)
            for (int times = 1; times <= 3; times++)
            {
                var numbers = new float[count * times];
                Array.Fill(numbers, 1e6f);
                tensor(numbers, device: CPU).Dispose();
            }
    }

    // Of libtorch's context; false where this libtorch has no such function.
    private static bool Set(IntPtr torchCpu, string setter, byte isEnabled)
    {
        if (!NativeLibrary.TryGetExport(torchCpu, "_ZN2at13globalContextEv", out IntPtr context)
            || !NativeLibrary.TryGetExport(torchCpu, setter, out IntPtr set)) return false;
        ((delegate* unmanaged<IntPtr, byte, void>)set)(((delegate* unmanaged<IntPtr>)context)(), isEnabled);
        return true;
    }
}
