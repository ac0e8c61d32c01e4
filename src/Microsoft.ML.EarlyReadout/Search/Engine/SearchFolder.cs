namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The temporary folder of a search object's checkpoints: one for the calls that are at work at once, and kept for the next call where one
/// has ended before the search has.
/// </summary>
/// <remarks>If there is no next call, a later search removes it, as what a killed process leaves: see <see cref="TemporaryFolder"/>.
/// </remarks>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class SearchFolder
{
    private readonly Lock _lock = new();
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

    /// <summary>Ends a call.</summary>
    /// <param name="isOver">Whether no later call goes on with the search: the folder goes once no call is at work.</param>
    public void Leave(bool isOver)
    {
        lock (_lock)
        {
            if (--_calls > 0 || !isOver) return;
            _folder!.Dispose();
            _folder = null;
        }
    }
}
