namespace Microsoft.ML.EarlyReadout;

/// <summary>A folder of our own under the temporary folder.</summary>
internal sealed class TemporaryFolder
{
    /// <summary>Its full path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("earlyreadout").FullName;

    /// <summary>
    /// Removes the folder and what it holds. On Linux and macOS this works while files in it are open, and leaves them readable to whoever holds them;
    /// on Windows it only works once they are closed, so it is tried again then.
    /// </summary>
    public void TryDelete()
    {
        try
        {
            if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Still open: whoever closes it calls again.
        }
    }
}
