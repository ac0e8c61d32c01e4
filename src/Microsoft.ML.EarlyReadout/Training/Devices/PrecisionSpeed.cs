using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// How long a small layer takes, forward and backward, in each arithmetic: on this machine, by the libtorch that is loaded. What the
/// processor has is not enough to know, since
/// libtorch may be kept from using it (<c>ONEDNN_MAX_CPU_ISA</c>).
/// </summary>
/// <param name="Layer">What was timed, in words.</param>
/// <param name="Float32">Seconds in float32.</param>
/// <param name="BFloat16">Seconds in bfloat16; infinite where it does not run.</param>
internal sealed record PrecisionSpeed(string Layer, double Float32, double BFloat16)
{
    /// <summary>What libtorch says where the layer does not run in bfloat16, as on GPUs without it; else <see langword="null"/>.</summary>
    public string? Fault { get; init; }

    private const int Rounds = 5;
    private const int Rows = 4;
    private const int Channels = 32;
    private const int Side = 16;
    private const int Features = 256;
    private static readonly ConcurrentDictionary<(bool, string), Lazy<PrecisionSpeed>> Measured = new();

    /// <summary>Measures once a process and device, in some milliseconds; where bfloat16 is slow, in a tenth of a second.</summary>
    /// <param name="images">Whether a 3×3 convolution is timed, rather than a linear layer.</param>
    /// <param name="device">The device.</param>
    public static PrecisionSpeed Of(bool images, Device device) =>
        Measured.GetOrAdd((images, device.ToString()), _ => new(
            () => images ? OfConvolution(device) : OfLinear(device), LazyThreadSafetyMode.PublicationOnly)).Value;

    /// <summary>The times in words.</summary>
    public override string ToString() => Fault is null
        ? FormattableString.Invariant(
            $"{Layer}, forward and backward, takes {1e3 * BFloat16:F2} ms in bfloat16 and {1e3 * Float32:F2} ms in float32")
        : $"{Layer} does not run in bfloat16 on this device: {Fault}";

    private static PrecisionSpeed OfConvolution(Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        using var layer = new Conv2d(Channels, Channels, 3, padding: 1);
        layer.SetChannelsLast(true);
        layer.to(device);
        Tensor input = ChannelsLastStorage.Of(ones(Rows, Channels, Side, Side, float32, device));
        return Time("a 3×3 convolution", layer, precision => layer.Precision = precision, input);
    }

    private static PrecisionSpeed OfLinear(Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        using var layer = new Linear(Features, Features);
        layer.to(device);
        return Time("a linear layer", layer, precision => layer.Precision = precision, ones(Features, Features, float32, device));
    }

    /// <summary>Both in turns, the best of some rounds after one to warm up: whatever else the machine does slows both.</summary>
    internal static PrecisionSpeed Time(string name, Layer layer, Action<Precision> set, Tensor input)
    {
        input.requires_grad_(true);
        double float32 = double.MaxValue, bfloat16 = double.MaxValue;
        try
        {
            Pass(Precision.BFloat16);
        }
        catch (ExternalException fault) when (AllocationFailure.Of(fault) is null)
        {
            string reason = fault.Message.Split('\n')[0].Trim(); // then comes libtorch's stack
            return new PrecisionSpeed(name, Pass(Precision.Float32), double.PositiveInfinity) { Fault = reason };
        }

        for (int round = 0; round <= Rounds; round++)
        {
            double first = Pass(Precision.Float32), second = Pass(Precision.BFloat16);
            if (round == 0) continue;
            float32 = Math.Min(float32, first);
            bfloat16 = Math.Min(bfloat16, second);
        }

        return new PrecisionSpeed(name, float32, bfloat16);

        double Pass(Precision precision)
        {
            using DisposeScope scope = NewDisposeScope();
            set(precision);
            var clock = Stopwatch.StartNew();
            layer.call(input).sum().backward();
            if (input.device_type == DeviceType.CUDA) cuda.synchronize();
            return clock.Elapsed.TotalSeconds;
        }
    }
}
