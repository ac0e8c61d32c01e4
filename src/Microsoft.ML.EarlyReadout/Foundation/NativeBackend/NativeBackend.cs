using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Loads libtorch and TorchSharp's native library, which training needs and scoring does not.
/// </summary>
/// <remarks>
/// <para>On Linux, libtorch is looked for in the folder that the environment variable <c>MLSIEVE_LIBTORCH</c> names (for instance
/// <c>torch/lib</c> of a Python installation, with or without CUDA); where it is not set, in the app's folders and then among the restored
/// packages. TorchSharp's library asks for a newer libstdc++ than some systems have without using it; where that stops it from loading, a
/// repaired copy is kept in the user's cache folder (XDG_CACHE_HOME, else .cache in HOME), or in memory where that cannot be written, and
/// loaded. Elsewhere TorchSharp loads what it finds itself.</para>
/// <para>Every trainer calls <see cref="EnsureLoaded"/>. An app that uses TorchSharp before it touches this library should call it
/// first.</para>
/// </remarks>
/// <threadsafety>All members are thread-safe.</threadsafety>
public static class NativeBackend
{
    private static readonly Lock _gate = new();
    private static volatile LoadedLibTorch? _loaded;
    private static volatile bool _convolves;

    /// <summary>What was loaded from where, and what was repaired; or that nothing has been loaded yet.</summary>
    public static string Description =>
        _loaded?.Description ?? (OperatingSystem.IsLinux() ? "libtorch is not loaded" : "libtorch is loaded by TorchSharp");

    /// <summary>What the check of convolutions found and did; <see langword="null"/> where all is well, or before
    /// <see cref="EnsureConvolves"/>.</summary>
    internal static string? ConvolutionFinding { get; private set; }

    /// <summary>The version of the libtorch that is loaded, as it says itself; <see langword="null"/> where it does not (before 2.10, and
    /// elsewhere than on Linux).</summary>
    internal static unsafe string? LibTorchVersion
    {
        get
        {
            if (_loaded is not { TorchCpu: var library }) return null;
            if (!NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out IntPtr function)) return null;
            ulong version = ((delegate* unmanaged<ulong>)function)(); // major, minor and patch in its upper bytes
            return FormattableString.Invariant($"{version >> 56}.{version >> 48 & 255}.{version >> 40 & 255}");
        }
    }

    /// <summary>Whether the libtorch that is loaded was built for CUDA; that it finds a GPU is another matter.</summary>
    internal static bool HasCuda => OperatingSystem.IsLinux() ? _loaded is { TorchCuda: not 0 } : torch.cuda.is_available();

    /// <summary>The handle of libtorch_cpu (Linux).</summary>
    internal static IntPtr TorchCpu => Load(typeof(torch).Assembly).TorchCpu;

    /// <summary>The handle of libtorch_cuda (Linux); 0 where libtorch has no CUDA.</summary>
    internal static IntPtr TorchCuda => Load(typeof(torch).Assembly).TorchCuda;

    /// <summary>Loads the native libraries unless they are loaded.</summary>
    /// <exception cref="NativeBackendException">They are missing or do not load, and the message says what to add.</exception>
    public static void EnsureLoaded()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                Load(typeof(torch).Assembly);
            // Outside the lock: TorchSharp's own initialisation asks the resolver below for the libraries.
            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception error) when (error is NotSupportedException or TypeInitializationException or DllNotFoundException)
        {
            throw new NativeBackendException(
                $"TorchSharp's native libraries do not load: {error.Message.Trim()} {LibTorchLocation.Advice}", error);
        }
    }

    /// <summary>
    /// Loads the native libraries, and convolves numbers whose result is known, some milliseconds: where libtorch's oneDNN is wrong, it
    /// is kept from what is wrong.
    /// </summary>
    /// <remarks>Not before something convolves: what is done about it makes products in bfloat16, of which a text's network consists,
    /// many times slower, though they are right.</remarks>
    /// <exception cref="NativeBackendException">The libraries do not load, or convolutions stay wrong.</exception>
    internal static void EnsureConvolves()
    {
        EnsureLoaded();
        if (_convolves) return;
        lock (_gate)
        {
            if (_convolves) return;
            ConvolutionFinding = ConvolutionCheck.Run(_loaded);
            _convolves = true;
        }
    }

    /// <summary>
    /// Replaces TorchSharp's own search for its libraries, before anything can start it. Left alone, that search does not get past the
    /// version need, and copies 500 MB in the attempt.
    /// </summary>
    /// <remarks>An assembly-load event would come too late: another thread may call into TorchSharp before its handler has run.</remarks>
    [ModuleInitializer]
    [SuppressMessage(
        "Usage", "CA2255",
        Justification = "TorchSharp must not search before this; all that runs here are two registrations, and libtorch stays unloaded.")]
    internal static void ReplaceLibrarySearch()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var torchSharp = typeof(torch).Assembly;
        // TorchSharp first asks for its libraries by name: that comes here once the runtime's own search has failed.
        AssemblyLoadContext.GetLoadContext(torchSharp)!.ResolvingUnmanagedDll += Resolve;
        try
        {
            // Its calls come here before that search.
            NativeLibrary.SetDllImportResolver(torchSharp, (name, importer, _) => Resolve(importer, name));
        }
        catch (InvalidOperationException)
        {
            // The app has a resolver of its own, which then is in charge.
        }
    }

    private static IntPtr Resolve(Assembly importer, string name) => name switch
    {
        "LibTorchSharp" => Load(importer).Shim,
        "torch_cpu" => Load(importer).TorchCpu,
        "torch_cuda" => Load(importer).TorchCuda,
        _ => IntPtr.Zero,
    };

    private static LoadedLibTorch Load(Assembly torchSharp)
    {
        if (_loaded is { } loaded)
            return loaded;
        lock (_gate)
            return _loaded ??= LoadedLibTorch.Load(LibTorchLocation.Find(torchSharp.GetName().Version!.ToString(3)));
    }
}
