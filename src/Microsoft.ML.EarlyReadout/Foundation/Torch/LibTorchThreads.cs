using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The number of threads that libtorch takes for one operation. It is a thread's own and, for threads that libtorch has not seen yet, the
/// process's. While searches run, their workers have one each; after the last of them the process has its number back.
/// </summary>
internal static class LibTorchThreads
{
    private static readonly Lock Lock = new();
    private static int s_searches;
    private static int s_before;

    /// <summary>Called by a search before its workers start.</summary>
    public static void Begin()
    {
        lock (Lock)
            if (s_searches++ == 0) s_before = torch.get_num_threads();
    }

    /// <summary>Called by each worker, on its thread.</summary>
    public static void TakeOne() => torch.set_num_threads(1);

    /// <summary>Called by a search once its workers are gone.</summary>
    public static void End()
    {
        lock (Lock)
            if (--s_searches == 0) torch.set_num_threads(s_before);
    }
}
