using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using SkiaSharp;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Gathers what a machine has, and what is wrong with it.</summary>
internal sealed class MachineChecker(MLContext context)
{
    private const double Mebibyte = 1 << 20;
    private const int LeastMemory = 512, LeastRoom = 256; // MiB: libtorch at work takes some 300; a saved ResNet-50 takes 200

    private static readonly string[] _variables =
    [
        LibTorchLocation.Variable, "OMP_NUM_THREADS", "OMP_WAIT_POLICY", ConvolutionCheck.Instructions, "ATEN_CPU_CAPABILITY",
        "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE", "DOTNET_GCHeapHardLimit",
    ];

    private readonly List<KeyValuePair<string, string>> _facts = [];
    private readonly List<string> _problems = [];

    /// <summary>Checks all.</summary>
    public MachineCheck Check()
    {
        CheckSystem();
        CheckTraining();
        CheckScoring();
        CheckImages();
        CheckMemory();
        CheckTemporaryFolder();
        foreach (string name in _variables)
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value) Add(name, value);
        return new MachineCheck(_facts, _problems);
    }

    private void CheckSystem()
    {
        Add("MLSieve", PackageVersion.Of(typeof(MachineChecker).Assembly));
        Add("Microsoft.ML", PackageVersion.Of(typeof(MLContext).Assembly));
        Add(".NET", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        string cLibrary = OperatingSystem.IsLinux() ? $", {(LibC.Version() is { } version ? $"glibc {version}" : "no glibc")}" : "";
        Add("System", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}{cLibrary}");
        Add("Processors", $"{Environment.ProcessorCount} for this process; {string.Join(", ", ProcessorInstructions.All())}");
    }

    private void CheckTraining()
    {
        Add("TorchSharp", PackageVersion.Of(typeof(torch).Assembly));
        try
        {
            NativeBackend.EnsureConvolves();
            string version = NativeBackend.LibTorchVersion ?? "version unknown";
            Add("libtorch", $"{version}, one operation takes {torch.get_num_threads()} thread(s)");
            Add("Loaded", NativeBackend.Description);
            Add("Convolutions", NativeBackend.ConvolutionFinding ?? "right");
            if (OperatingSystem.IsLinux()) Add("OpenMP", string.Join(", ", LibC.LoadedFiles("libgomp").DefaultIfEmpty("none")));
            Add("GPUs for training", torch.cuda.is_available() ? Number(torch.cuda.device_count())
                : NativeBackend.HasCuda ? "none: this libtorch has CUDA, but finds no GPU" : "none: this libtorch has no CUDA");
        }
        catch (NativeBackendException fault)
        {
            Add("libtorch", "does not load");
            _problems.Add($"Nothing can be trained here. {fault.Message}");
        }
    }

    private void CheckScoring()
    {
        OnnxTelemetry.SwitchOff();
        try
        {
            OrtEnv runtime = OrtEnv.Instance();
            Add("ONNX Runtime", $"{runtime.GetVersionString()}, with {string.Join(", ", runtime.GetAvailableProviders())}");
            int gpu = context.GpuDeviceId ?? 0;
            OnnxRuntimeException? gpuFault = ScoringDevice.FaultOf(gpu);
            Add("GPU for scoring", gpuFault is null ? $"number {gpu}" : $"none: {FirstLine(gpuFault.Message)}");
            if (context is { GpuDeviceId: not null, FallbackToCpu: false } && gpuFault is not null)
                _problems.Add($"MLContext.GpuDeviceId is {gpu}, and ONNX Runtime cannot use that GPU: {gpuFault.Message.Trim()} "
                    + ScoringDevice.Advice());
        }
        catch (Exception fault) when (IsMissingLibrary(fault))
        {
            Add("ONNX Runtime", "does not load");
            _problems.Add($"Nothing can be trained or scored here, because ONNX Runtime does not load: {Innermost(fault)} "
                + "Reference the package Microsoft.ML.OnnxRuntime in the app, and publish the app with its native libraries.");
        }
    }

    private void CheckImages()
    {
        try
        {
            MLImage.CreateFromPixels(1, 1, MLPixelFormat.Rgba32, new byte[4]).Dispose();
            Add("SkiaSharp", PackageVersion.Of(typeof(SKImage).Assembly).Split('-')[0]); // a commit follows
        }
        catch (Exception fault) when (IsMissingLibrary(fault))
        {
            Add("SkiaSharp", "does not load");
            _problems.Add($"Images cannot be read here, because SkiaSharp does not load: {Innermost(fault)} On Linux, reference the "
                + "package SkiaSharp.NativeAssets.Linux.NoDependencies of SkiaSharp's version in the app.");
        }
    }

    private void CheckMemory()
    {
        long free = FreeMemory.Bytes();
        long most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes; // of the machine, its container or DOTNET_GCHeapHardLimit
        Add("Memory", $"{Mebibytes(free)} free; {Mebibytes(most)} for this process at most");
        if (free < LeastMemory * Mebibyte)
            _problems.Add($"{Mebibytes(free)} of memory are free, and training needs {LeastMemory} MiB even for a small network. "
                + "End other programs, or give the container more.");
    }

    private void CheckTemporaryFolder()
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(CatalogEnvironment.TemporaryFolderOf(context)));
        bool isNew = !Directory.Exists(root);
        try
        {
            WriteInto(root);
            if (RoomOf(root) is { } room)
            {
                Add("Temporary folder", $"{root}, {Mebibytes(room)} free");
                if (room < LeastRoom * Mebibyte)
                    _problems.Add($"The temporary folder '{root}' has {Mebibytes(room)} free. Saving or loading a model takes up to twice "
                        + $"the model there. {TemporaryFolder.Advice}");
            }
            else
            {
                Add("Temporary folder", $"{root}, room unknown");
            }

            if (isNew) Directory.Delete(root);
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            Add("Temporary folder", $"{root}, which cannot be written");
            _problems.Add(fault.Message);
        }
    }

    /// <exception cref="IOException">A file cannot be written there.</exception>
    private static void WriteInto(string root)
    {
        using var folder = new TemporaryFolder(root);
        try
        {
            File.WriteAllBytes(Path.Combine(folder.Path, "check"), new byte[1 << 16]);
        }
        catch (Exception error) when (TemporaryFolder.IsFault(error))
        {
            throw folder.Failure("The temporary folder", error);
        }
    }

    private static long? RoomOf(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (ArgumentException)
        {
            return null; // \\server\share of Windows is on no drive
        }
    }

    private void Add(string name, string value) => _facts.Add(new(name, value));

    // What the loader of native code throws, whatever static constructor it comes through.
    private static bool IsMissingLibrary(Exception fault) =>
        fault is DllNotFoundException or TypeInitializationException or EntryPointNotFoundException or BadImageFormatException;

    private static string Innermost(Exception fault) => FirstLine(fault.GetBaseException().Message);

    private static string FirstLine(string text) => text.Trim().Split('\n')[0].TrimEnd();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / Mebibyte:N0} MiB");
}
