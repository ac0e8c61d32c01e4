using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace Studies;

/// <summary>What trainings run on in this process where the option Device is left at auto.</summary>
internal static class TrainingProcessor
{
    private const string Drivers = "/proc/driver/nvidia/gpus";
    private static readonly Lazy<string> Found = new(Find);

    /// <summary>Its name, as its driver or the system gives it.</summary>
    public static string Name => Found.Value;

    /// <summary>Whether it is a GPU.</summary>
    public static bool IsGpu
    {
        get
        {
            NativeBackend.EnsureLoaded();
            return cuda.is_available();
        }
    }

    private static string Find()
    {
        return IsGpu
            ? Field(GpuFile(), "Model") ?? "CUDA GPU"
            : Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string GpuFile() => Directory.Exists(Drivers)
        ? Directory.EnumerateDirectories(Drivers).Order().Select(gpu => Path.Combine(gpu, "information")).FirstOrDefault("")
        : "";

    // A line of either file is "name <white space> : value".
    private static string? Field(string file, string name) => !File.Exists(file)
        ? null
        : File.ReadLines(file).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .FirstOrDefault(field => field.Length == 2 && field[0] == name)?[1];
}
