using System.Globalization;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Where training runs.</summary>
/// <param name="Device">The device.</param>
/// <param name="Description">Which device it is and why, for the log.</param>
internal sealed record TrainingDevice(torch.Device Device, string Description)
{
    /// <summary>The names that <see cref="Choose(string, int)"/> takes.</summary>
    public const string Names = "auto, cpu, cuda, cuda:0, cuda:1, …";

    /// <summary>Whether a name has the form of a device's; that the device exists is another matter.</summary>
    public static bool IsName(string? name) => name is "auto" or "cpu" || IndexOf(name) is not null;

    /// <summary>
    /// Finds the named device: auto is the first CUDA device, or the CPU where there is none; every other name is that device or an error.
    /// </summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="localRank">Which of the processes of this machine that train together this is: auto gives each a device.</param>
    /// <exception cref="ArgumentException">The name is not a device's, or this machine has no such device.</exception>
    /// <exception cref="NativeBackendException">libtorch does not load.</exception>
    public static TrainingDevice Choose(string name, int localRank = 0)
    {
        NativeBackend.EnsureLoaded();
        return Choose(name, torch.cuda.is_available() ? torch.cuda.device_count() : 0, NativeBackend.HasCuda, localRank);
    }

    /// <summary>
    /// As <see cref="Choose(string, int)"/>, on a machine with the given number of CUDA devices and a libtorch with or without CUDA.
    /// </summary>
    internal static TrainingDevice Choose(string name, int cudaDevices, bool hasCuda, int localRank = 0)
    {
        if (!IsName(name))
            throw new ArgumentException($"'{name}' is not a device; expected one of {Names}", nameof(name));
        if (name == "auto")
            return cudaDevices > 0
                ? new(
                    new(DeviceType.CUDA, localRank % cudaDevices),
                    $"device cuda:{localRank % cudaDevices} (auto; {cudaDevices} CUDA device(s) found)")
                : new(
                    new(DeviceType.CPU),
                    $"device cpu (auto; {(hasCuda ? "this libtorch has CUDA, but finds no GPU" : "this libtorch has no CUDA")}; "
                        + $"{NativeBackend.Description})");
        if (name == "cpu")
            return new(new(DeviceType.CPU), "device cpu (as asked)");
        int index = IndexOf(name)!.Value;
        return index < cudaDevices
            ? new(new(DeviceType.CUDA, index), $"device cuda:{index} (as asked)")
            : throw new ArgumentException(Missing(name, cudaDevices, hasCuda), nameof(name));
    }

    private static string Missing(string name, int cudaDevices, bool hasCuda)
    {
        string loaded = $"({NativeBackend.Description})";
        if (cudaDevices > 0)
        {
            string there = string.Join(", ", Enumerable.Range(0, cudaDevices).Select(i => $"cuda:{i}").Prepend("cpu"));
            return $"Device '{name}' does not exist here; there is {there} {loaded}. Set the option Device to one of these, or to 'auto'.";
        }

        return hasCuda
            ? $"Device '{name}' needs an NVIDIA GPU, and libtorch finds none {loaded}. See that nvidia-smi lists one, that its driver is "
                + "new enough for this libtorch, and that "
                + "CUDA_VISIBLE_DEVICES does not hide it; or set the option Device to 'cpu' or 'auto'."
            : $"Device '{name}' needs a libtorch with CUDA, and this one has none {loaded}. Reference the package TorchSharp-cuda-linux "
                + "(or TorchSharp-cuda-windows) in place of "
                + $"libtorch-cpu-linux-x64 or TorchSharp-cpu, or set {LibTorchLocation.Variable} to the folder of a libtorch "
                + $"{LibTorchLocation.LibTorchVersion} with CUDA; or set the option Device to 'cpu' or 'auto'.";
    }

    private static int? IndexOf(string? name) => name switch
    {
        "cuda" => 0,
        not null when name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index) => index,
        _ => null,
    };
}
