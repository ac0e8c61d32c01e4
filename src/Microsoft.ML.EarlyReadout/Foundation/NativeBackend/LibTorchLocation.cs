using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Where libtorch and TorchSharp's shim lie on this machine.</summary>
/// <param name="Folder">The folder that holds libtorch.</param>
/// <param name="Shim">The file libLibTorchSharp.so, as packaged.</param>
/// <param name="IsGiven">Whether the user named the folder.</param>
internal sealed record LibTorchLocation(string Folder, string Shim, bool IsGiven)
{
    /// <summary>The environment variable that names the folder of libtorch.</summary>
    public const string Variable = "MLSIEVE_LIBTORCH";

    /// <summary>The libtorch that TorchSharp was built for.</summary>
    public const string LibTorchVersion = "2.10.0";

    private const string ShimName = "libLibTorchSharp.so", TorchCpu = "libtorch_cpu.so";

    // In the order of loading: a library comes after those that it needs.
    private static readonly string[] _required = ["libc10.so", TorchCpu];
    private static readonly string[] _cuda = ["libc10_cuda.so", "libtorch_cuda.so"];
    private const string Umbrella = "libtorch.so";

    /// <summary>Whether the folder holds the CUDA libraries too.</summary>
    public bool HasCuda => _cuda.All(name => File.Exists(Path.Combine(Folder, name)));

    /// <summary>The libraries to load before the shim, in order.</summary>
    public IEnumerable<string> Libraries =>
        _required.Concat(HasCuda ? _cuda : []).Append(Umbrella).Select(name => Path.Combine(Folder, name));

    /// <summary>Finds libtorch: the given folder and no other; else the app's folders; else the restored packages.</summary>
    /// <param name="givenFolder">The value of <see cref="Variable"/>, or null.</param>
    /// <param name="appFolders">Where the app's native libraries may lie, best first.</param>
    /// <param name="packagesFolder">The folder of restored packages.</param>
    /// <param name="torchSharpVersion">The version of the TorchSharp package.</param>
    /// <exception cref="NativeBackendException">A library is missing.</exception>
    public static LibTorchLocation Find(
        string? givenFolder, IReadOnlyList<string> appFolders, string packagesFolder, string torchSharpVersion)
    {
        string runtime = Path.Combine("runtimes", "linux-x64", "native");
        string shimPackage = Path.Combine(packagesFolder, "torchsharp", torchSharpVersion, runtime);
        if (!string.IsNullOrWhiteSpace(givenFolder))
        {
            string folder = Path.GetFullPath(givenFolder);
            string[] missing = [.. _required.Append(Umbrella).Where(name => !File.Exists(Path.Combine(folder, name)))];
            if (!Directory.Exists(folder))
                throw new NativeBackendException($"{Variable} names the folder '{folder}', which does not exist. {Advice}");
            if (missing.Length > 0)
                throw new NativeBackendException(
                    $"{Variable} names the folder '{folder}', which lacks {string.Join(", ", missing)}. {Advice}");
            // The runtime's search, which TorchSharp starts by name, would load the app's own libtorch beside the named one.
            string named = FinalPath(Path.Combine(folder, TorchCpu));
            if (appFolders.Select(own => Path.Combine(own, TorchCpu))
                .FirstOrDefault(own => File.Exists(own) && FinalPath(own) != named) is { } second)
                throw new NativeBackendException(
                    $"{Variable} names the folder '{folder}', but the app has a libtorch of its own, '{second}', and two cannot "
                        + $"be loaded. Build the app without its libtorch package, or unset {Variable}.");
            return new(folder, FindShim([folder, .. appFolders, shimPackage]), IsGiven: true);
        }
        string[] folders = [.. appFolders, Path.Combine(packagesFolder, "libtorch-cpu-linux-x64", LibTorchVersion, runtime)];
        string? found = folders.FirstOrDefault(folder => _required.Append(Umbrella).All(name => File.Exists(Path.Combine(folder, name))));
        return found is null
            ? throw new NativeBackendException(
                $"Training needs libtorch, which is in none of these folders: {string.Join(", ", folders)}. {Advice}")
            : new(found, FindShim([.. appFolders, found, shimPackage]), IsGiven: false);
    }

    /// <summary>Finds libtorch for this process.</summary>
    /// <exception cref="NativeBackendException">A library is missing, or the machine is not a 64-bit x86 one.</exception>
    public static LibTorchLocation Find(string torchSharpVersion)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            throw new NativeBackendException(
                $"TorchSharp has no native library for Linux on {RuntimeInformation.ProcessArchitecture}; training on Linux needs x64. "
                    + "Scoring works without it.");
        string app = AppContext.BaseDirectory;
        string searched = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        string[] appFolders = [.. new[] { app, Path.Combine(app, "runtimes", "linux-x64", "native") }
            .Concat(searched.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Select(Path.TrimEndingDirectorySeparator)
            .Distinct()];
        // A user without a home has no restored packages; never look for libraries in the current folder instead.
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder ? folder
            : home.Length > 0 ? Path.Combine(home, ".nuget", "packages") : app;
        return Find(Environment.GetEnvironmentVariable(Variable), appFolders, packages, torchSharpVersion);
    }

    /// <summary>What a user can do when libtorch is missing or does not fit.</summary>
    public static string Advice =>
        $"Add one of the packages libtorch-cpu-linux-x64 {LibTorchVersion}, TorchSharp-cpu or TorchSharp-cuda-linux to the app, "
        + $"or set {Variable} to a folder that holds libtorch {LibTorchVersion}, such as torch/lib of a Python installation.";

    private static string FinalPath(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);

    private static string FindShim(IReadOnlyList<string> folders) =>
        folders.Select(folder => Path.Combine(folder, ShimName)).FirstOrDefault(File.Exists)
        ?? throw new NativeBackendException(
            $"TorchSharp's native library {ShimName} is in none of these folders: {string.Join(", ", folders)}. "
                + "It comes with the package TorchSharp: publish the app with its native libraries, or put the file beside the app.");
}
