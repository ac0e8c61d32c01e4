namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The temporary folder of a search object's checkpoints: one for the calls that are at work at once, and kept for a later call where one
/// has ended before its search has.
/// </summary>
/// <remarks>If there is no next call, a later search removes it, as what a killed process leaves: see <see cref="TemporaryFolder"/>.
/// </remarks>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class SearchFolder
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _unfinished = [];
    private TemporaryFolder? _folder;
    private int _calls;

    /// <summary>Begins a call.</summary>
    /// <param name="make">Makes the folder where there is none.</param>
    /// <returns>The folder's full path.</returns>
    /// <exception cref="IOException">It cannot be made.</exception>
    public string Enter(Func<TemporaryFolder> make)
    {
        lock (_lock)
        {
            _folder ??= make();
            _calls++;
            return _folder.Path;
        }
    }

    /// <summary>Ends a call. The folder goes once no call is at work, and none has a search to go on with.</summary>
    /// <param name="search">The name of the call's search: on other rows there are others.</param>
    /// <param name="isOver">Whether that search is over.</param>
    /// <param name="isCancelled">Whether no later call goes on with any.</param>
    public void Leave(string search, bool isOver, bool isCancelled)
    {
        lock (_lock)
        {
            if (isOver) _unfinished.Remove(search);
            else _unfinished.Add(search);
            if (isCancelled) _unfinished.Clear();
            if (--_calls > 0 || _unfinished.Count > 0) return;
            _folder!.Dispose();
            _folder = null;
        }
    }
}
