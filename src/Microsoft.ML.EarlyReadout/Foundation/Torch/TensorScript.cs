using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One constant TorchScript function that works in place, compiled at its first use and kept for the process.</summary>
/// <remarks>
/// This is how libtorch's operators that TorchSharp does not bind are reached. A script that does not parse ends the process, so scripts
/// are constants, each run by a test.
/// </remarks>
/// <threadsafety>All members are thread-safe.</threadsafety>
internal sealed class TensorScript(string name, string source)
{
    private readonly Lock _lock = new();
    private jit.CompilationUnit? _unit;

    // Where it fails, as for want of memory, the next one who asks tries again.
    private jit.CompilationUnit Unit
    {
        get
        {
            lock (_lock) return _unit ??= Compile();
        }
    }

    /// <summary>Runs the function.</summary>
    /// <param name="arguments">
    /// Tensors, arrays of tensors and <see cref="TorchSharp.Scalar"/>s. Not C# numbers: TorchSharp turns those into Scalars that nothing
    /// keeps alive.
    /// </param>
    public void Run(params object[] arguments)
    {
#pragma warning disable RS0030 // the one place that runs scripts, without C# numbers
        Unit.invoke(name, arguments);
#pragma warning restore RS0030
        GC.KeepAlive(arguments);
    }

    private jit.CompilationUnit Compile()
    {
        NativeBackend.EnsureLoaded();
        return jit.compile(source + "\n"); // the parser wants the last line ended
    }
}
