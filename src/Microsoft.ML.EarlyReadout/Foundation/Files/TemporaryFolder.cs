namespace Microsoft.ML.EarlyReadout;

/// <summary>A folder of our own under a context's temporary folder.</summary>
internal sealed class TemporaryFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the folder.</summary>
    /// <param name="root">The temporary folder, which is made too where it is missing, as ML.NET does; see
    /// <see cref="CatalogEnvironment.TemporaryFolderOf"/>.</param>
    /// <exception cref="IOException">It cannot be made; the message names it and says what to set.</exception>
    public TemporaryFolder(string root)
    {
        Path = System.IO.Path.Combine(root, "earlyreadout-" + Guid.NewGuid().ToString("N"));
        try
        {
            // Others may read the temporary folder, and need not read the model.
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Path);
            else Directory.CreateDirectory(Path, OwnerOnly);
        }
        catch (Exception error) when (IsFault(error))
        {
            throw Failure("The model's temporary folder", error);
        }
    }

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
    public IOException Failure(string what, Exception error) => new($"{what} '{Path}' cannot be written: {error.Message} {Advice}", error);

    /// <summary>
    /// Removes the folder and what it holds. On Linux and macOS this works while files in it are open, and leaves them readable to whoever
    /// holds them; on Windows it only works once they are closed, so it is tried again then.
    /// </summary>
    public void TryDelete()
    {
        try
        {
            if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (IsFault(e))
        {
            // Still open: whoever closes it calls again.
        }
    }
}
