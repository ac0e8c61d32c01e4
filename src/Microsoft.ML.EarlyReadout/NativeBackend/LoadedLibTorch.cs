using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>libtorch and TorchSharp's shim, loaded into this process (Linux).</summary>
/// <param name="Shim">Handle of TorchSharp's shim.</param>
/// <param name="TorchCpu">Handle of libtorch_cpu.</param>
/// <param name="TorchCuda">Handle of libtorch_cuda, or zero.</param>
/// <param name="Description">What was loaded from where.</param>
internal sealed record LoadedLibTorch(IntPtr Shim, IntPtr TorchCpu, IntPtr TorchCuda, string Description)
{
    /// <summary>Loads libtorch, then the shim, repaired where the system calls for it.</summary>
    /// <exception cref="NativeBackendException">Something does not load.</exception>
    public static LoadedLibTorch Load(LibTorchLocation location)
    {
        // OpenMP threads that spin while they wait make each other 3-5 times slower as soon as a core is busy with something else.
        LibC.SetEnvironmentDefault("OMP_WAIT_POLICY", "PASSIVE");
        var handles = location.Libraries.ToDictionary(path => Path.GetFileNameWithoutExtension(path), LoadLibrary);
        var (shim, how) = LoadShim(location.Shim);
        string description = $"libtorch with {(location.HasCuda ? "CUDA" : "CPU")} from {location.Folder}; {how}";
        if (location.IsGiven && FindMissing(shim, location.Shim) is { Count: > 0 } missing)
            description += $"; this libtorch lacks {missing.Count} functions that TorchSharp {LibTorchLocation.LibTorchVersion} may call, "
                + $"and a call of one ends the process: {string.Join(", ", missing)}";
        return new(shim, handles["libtorch_cpu"], handles.GetValueOrDefault("libtorch_cuda"), description);
    }

    private static (IntPtr Handle, string How) LoadShim(string path)
    {
        if (NativeLibrary.TryLoad(path, out IntPtr handle))
            return (handle, $"shim {path}, as packaged");
        var image = ElfImage.Read(path);
        var unmet = ShimRepair.FindUnmetNeeds(image);
        if (unmet.Count == 0)
            return (LoadLibrary(path), $"shim {path}, as packaged"); // throws, and says what the dynamic linker says
        byte[] repaired = ShimRepair.MarkWeak(image, unmet);
        string why = $"without its unused need of {string.Join(", ", unmet)}";
        try
        {
            if (ShimRepair.UserCache() is { } cache)
            {
                string copy = ShimRepair.Store(repaired, Path.GetFileName(path), cache);
                if (NativeLibrary.TryLoad(copy, out handle))
                    return (handle, $"shim {path}, repaired as {copy} {why}");
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A read-only home: the copy below lives only until it is loaded.
        }
        var folder = Directory.CreateTempSubdirectory("mlsieve-");
        try
        {
            return (LoadLibrary(ShimRepair.Store(repaired, Path.GetFileName(path), folder.FullName)), $"shim {path}, repaired as a copy that was deleted once loaded, {why}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Functions bind at their first call, so a libtorch of another version loads well and fails late. The handle sees all that the shim depends on.
    private static List<string> FindMissing(IntPtr shim, string path) =>
        [.. ElfImage.Read(path).ReadBoundSymbols().Select(symbol => symbol.Name).Where(name => !NativeLibrary.TryGetExport(shim, name, out _))];

    private static IntPtr LoadLibrary(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error)
        {
            throw new NativeBackendException($"'{path}' does not load: {error.Message.Trim()} {LibTorchLocation.Advice}", error);
        }
    }
}
