using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.EarlyReadout;

/// <summary>libtorch and TorchSharp's shim, loaded into this process (Linux).</summary>
/// <param name="Shim">Handle of TorchSharp's shim.</param>
/// <param name="TorchCpu">Handle of libtorch_cpu.</param>
/// <param name="TorchCuda">Handle of libtorch_cuda, or zero.</param>
/// <param name="AssumesCaches">Whether oneDNN assumes the sizes of caches that this processor hides.</param>
/// <param name="Description">What was loaded from where.</param>
internal sealed record LoadedLibTorch(IntPtr Shim, IntPtr TorchCpu, IntPtr TorchCuda, bool AssumesCaches, string Description)
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
        IntPtr torchCpu = handles["libtorch_cpu"];
        bool assumesCaches = HiddenCaches.Are && HiddenCaches.Assume(torchCpu);
        if (assumesCaches) description += "; this processor hides the sizes of its caches, so oneDNN assumes some";
        return new(shim, torchCpu, handles.GetValueOrDefault("libtorch_cuda"), assumesCaches, description);
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
        string? cache = ShimRepair.UserCache();
        string obstacle = "this user has no home folder";
        try
        {
            if (cache is not null)
            {
                string copy = ShimRepair.Store(repaired, Path.GetFileName(path), cache);
                if (NativeLibrary.TryLoad(copy, out handle))
                    return (handle, $"shim {path}, repaired as {copy} {why}");
                obstacle = $"'{copy}' does not load; its file system may be mounted with noexec";
            }
        }
        catch (Exception error) when (TemporaryFolder.IsFault(error))
        {
            obstacle = $"'{cache}' cannot be written ({error.Message})";
        }
        // A read-only system, or a user without a home: the copy needs no file to be loaded from.
        return LoadFromMemory(repaired, Path.GetFileName(path)) is { } loaded and not 0
            ? (loaded, $"shim {path}, repaired as a copy in memory {why}")
            : throw new NativeBackendException(
                $"TorchSharp's library '{path}' needs a repaired copy on this system, {why}, and there is no place "
                    + $"for it: {obstacle}, and the system loads none from memory. Set the environment variable XDG_CACHE_HOME, or HOME, "
                    + "to a folder "
                    + "that can be written and programs may be run from.");
    }

    private static IntPtr LoadFromMemory(byte[] library, string name)
    {
        using SafeFileHandle? file = LibC.CreateMemoryFile(name);
        if (file is null)
            return 0;
        RandomAccess.Write(file, library, fileOffset: 0);
        return NativeLibrary.TryLoad($"/proc/self/fd/{file.DangerousGetHandle()}", out IntPtr handle) ? handle : 0;
    }

    // Functions bind at their first call, so a libtorch of another version loads well and fails late. The handle sees all that the shim
    // depends on.
    private static List<string> FindMissing(IntPtr shim, string path) =>
        [.. ElfImage.Read(path)
            .ReadBoundSymbols()
            .Select(symbol => symbol.Name)
            .Where(name => !NativeLibrary.TryGetExport(shim, name, out _))];

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
