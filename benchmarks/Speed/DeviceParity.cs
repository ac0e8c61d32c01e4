using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// Loss and gradients of a small network on every device here, written to a file with its weights and batch; torch_parity.py computes the
/// same from them in Python. Set NVIDIA_TF32_OVERRIDE=0 for both, or a GPU convolves with 10 bits of mantissa.
/// </summary>
internal static class DeviceParity
{
    private const int Classes = 10;
    private const int Rows = 16;
    private const int Side = 32;
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Run(string file)
    {
        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        var options = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [16, 32] };
        FeatureShape shape = FeatureShape.Image(3, Side, Side);
        using StagedNetwork network = NetworkFactory.Create(options, shape, PixelRange.Bytes, Classes, seed: 1, _ => { });
        network.SetChannelsLast(true);
        Tensor pixels = randint(0, 256, [Rows, 3, Side, Side], ScalarType.Byte, CPU, generator: generator); // (B, C, H, W)
        Tensor labels = randint(0, Classes, [Rows], ScalarType.Int64, CPU, generator: generator); // (B)
        var weights = network.named_parameters().ToDictionary(each => each.name, each => Values.Of(each.parameter));
        Values input = Values.Of(network.Input.call(pixels));
        int gpus = cuda.is_available() ? cuda.device_count() : 0;
        Device[] devices = [CPU, .. Enumerable.Range(0, gpus).Select(index => new Device(DeviceType.CUDA, index))];
        var results = devices.ToDictionary(device => device.ToString(), device => Compute(network, pixels, labels, device));
        var all = new { input, labels = labels.data<long>().ToArray(), weights, devices = results };
        File.WriteAllText(file, JsonSerializer.Serialize(all, Names));
        foreach ((string device, Result result) in results)
            Console.WriteLine(FormattableString.Invariant($"{device}: loss {result.Loss:F7}"));
    }

    private static Result Compute(StagedNetwork network, Tensor pixels, Tensor labels, Device device)
    {
        network.to(device);
        network.train();
        foreach ((_, TorchSharp.Modules.Parameter parameter) in network.named_parameters()) parameter.grad = null;
        Tensor loss = nn.functional.cross_entropy(network.call(pixels.to(device)), labels.to(device));
        loss.backward();
        var gradients = network.named_parameters().ToDictionary(each => each.name, each => Values.Of(each.parameter.grad!));
        return new Result(loss.item<float>(), gradients);
    }

    private sealed record Result(float Loss, IReadOnlyDictionary<string, Values> Gradients);

    /// <summary>A tensor in row-major order.</summary>
    private sealed record Values(long[] Shape, float[] Numbers)
    {
        public static Values Of(Tensor tensor) => new(tensor.shape, tensor.detach().cpu().contiguous().data<float>().ToArray());
    }
}
