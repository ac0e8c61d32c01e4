namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Has the C library keep what is freed while something trains. A step takes and frees the same large blocks again and again; glibc gives
/// them back to the system each time, which then has to clear each page anew: on virtual machines that is most of a small network's step.
/// </summary>
/// <remarks>
/// <para>It holds for the whole process, from the first training that begins to the last one that ends; then what is free goes back to the
/// system. Whoever set glibc's own variables (<c>MALLOC_…</c>, <c>GLIBC_TUNABLES</c>) has chosen, and nothing is changed.</para>
/// <para>Elsewhere than on glibc nothing happens.</para>
/// </remarks>
/// <threadsafety>All members are thread-safe.</threadsafety>
internal sealed class KeptMemory : IDisposable
{
    private static readonly Lock _gate = new();
    private static readonly bool _isOurs = OperatingSystem.IsLinux() && LibC.Version() is not null && !IsChosen();
    private static int _trainings;
    private bool _isDisposed;

    private KeptMemory()
    {
        if (!_isOurs) return;
        lock (_gate)
            if (_trainings++ == 0) LibC.KeepFreedMemory();
    }

    /// <summary>Keeps it until the result is disposed.</summary>
    public static KeptMemory Begin() => new();

    /// <summary>Gives back what is free, though something trains: before it is told how much the system has.</summary>
    public static void GiveBack()
    {
        if (!_isOurs) return;
        lock (_gate)
            if (_trainings > 0) LibC.TrimMemory();
    }

    /// <summary>Gives back what is free, unless something else trains.</summary>
    public void Dispose()
    {
        if (_isDisposed || !_isOurs) return;
        _isDisposed = true;
        lock (_gate)
        {
            if (--_trainings > 0) return;
            LibC.ReturnFreedMemory();
        }
    }

    private static bool IsChosen() =>
        LibC.GetEnvironmentVariable("GLIBC_TUNABLES")?.Contains("glibc.malloc.", StringComparison.Ordinal) == true
            || ((string[])["MMAP_MAX_", "MMAP_THRESHOLD_", "TRIM_THRESHOLD_", "TOP_PAD_"])
                .Any(name => LibC.GetEnvironmentVariable("MALLOC_" + name) is not null);
}
