namespace Microsoft.ML.EarlyReadout;

/// <summary>A folder of our own under a context's temporary folder, until it is disposed.</summary>
/// <remarks>
/// A process that is killed cannot remove its own. So each process holds a file in its folder locked, and whoever makes a folder removes
/// those of the same machine whose lock nobody holds any more. Those of other machines, on a share, stay: some shares do not tell of locks
/// that another machine holds.
/// </remarks>
internal sealed class TemporaryFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string LockName = "in-use.lock";
    private readonly FileStream? _lock;
    private readonly string _advice;

    /// <summary>Makes the folder.</summary>
    /// <param name="root">The temporary folder, which is made too where it is missing, as ML.NET does; see
    /// <see cref="CatalogEnvironment.TemporaryFolderOf"/>.</param>
    /// <param name="advice">What a user can do where it does not serve; <see langword="null"/>: <see cref="Advice"/>.</param>
    /// <exception cref="IOException">It cannot be made; the message names it and says what to set.</exception>
    public TemporaryFolder(string root, string? advice = null)
    {
        _advice = advice ?? Advice;
        Path = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, $"{Prefix}{Guid.NewGuid():N}"));
        try
        {
            // Others may read the temporary folder, and need not read the model.
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Path);
            else Directory.CreateDirectory(Path, OwnerOnly);
            _lock = new FileStream(LockOf(Path), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            _lock.SetLength(1); // so that nobody takes it for one whose process is gone before it is locked
        }
        catch (Exception error) when (IsFault(error))
        {
            Dispose();
            throw Failure("The temporary folder", error);
        }

        RemoveAbandoned();
    }

    /// <summary>What the names of this machine's folders begin with.</summary>
    public static string Prefix { get; } =
        $"earlyreadout-{string.Concat(Environment.MachineName.Select(sign => char.IsLetterOrDigit(sign) ? sign : '_'))}-";

    /// <summary>What a user can do where the temporary folder does not serve.</summary>
    public static string Advice { get; } =
        $"Set {nameof(MLContext)}.{nameof(MLContext.TempFilePath)}, or the environment variable "
            + $"{(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR")} before the program starts, "
        + "to a folder that can be written and has room.";

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>Whether an exception is one of those that a file system throws.</summary>
    public static bool IsFault(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>The fault of writing into the folder, for people.</summary>
    /// <param name="what">What could not be written: the start of a sentence.</param>
    /// <param name="error">What the file system says.</param>
    public IOException Failure(string what, Exception error) => new($"{what} '{Path}' cannot be written: {error.Message} {_advice}", error);

    /// <summary>
    /// Removes the folder and what it holds. On Linux and macOS this works while files in it are open, and leaves them readable to whoever
    /// holds them; on Windows it only works once they are closed, so it is tried again then.
    /// </summary>
    public void Dispose() => TryDelete(Path, _lock);

    private static string LockOf(string folder) => System.IO.Path.Combine(folder, LockName);

    /// <summary>Removes a folder, its lock last: what stays, since something in it is in use, is known by its lock and removed later.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="held">Its lock, where this process holds it.</param>
    private static void TryDelete(string folder, FileStream? held = null)
    {
        try
        {
            bool exists = Directory.Exists(folder);
            if (exists)
            {
                foreach (string inner in Directory.GetDirectories(folder)) Directory.Delete(inner, recursive: true);
                foreach (string file in Directory.GetFiles(folder).Where(file => file != LockOf(folder))) File.Delete(file);
            }

            held?.Dispose();
            if (exists) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (IsFault(e))
        {
            // Still open: whoever closes it disposes again. Once this process is gone, the maker of a folder tries.
        }
    }

    /// <summary>Removes what processes that were killed have left beside this folder.</summary>
    private void RemoveAbandoned()
    {
        if (IsAbandoned(Path)) return; // this file system knows no locks, so it does not tell
        try
        {
            foreach (string folder in Directory.GetDirectories(System.IO.Path.GetDirectoryName(Path)!, Prefix + "*"))
                if (IsAbandoned(folder)) TryDelete(folder);
        }
        catch (Exception e) when (IsFault(e))
        {
            // A temporary folder that may be written and not listed.
        }
    }

    /// <summary>Whether a folder's process is gone: it has locked a file there, and holds it no more.</summary>
    private static bool IsAbandoned(string folder)
    {
        try
        {
            if (new FileInfo(LockOf(folder)) is not { Exists: true, Length: > 0 } file) return false;
            using FileStream held = file.Open(FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception e) when (IsFault(e))
        {
            return false; // in use, or somebody else's
        }
    }
}
