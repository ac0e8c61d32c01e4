namespace Microsoft.ML.EarlyReadout;

/// <summary>A file that is written wholly or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes beside the file first, then renames.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string partial = $"{full}.{Guid.NewGuid():N}.partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.CreateNew, FileAccess.Write)) write(stream);
            File.Move(partial, full, overwrite: true);
        }
        catch (Exception e) when (TemporaryFolder.IsFault(e))
        {
            throw new IOException($"Cannot write '{full}': {e.Message}", e);
        }
        finally
        {
            Discard(partial); // gone where all went well
        }
    }

    private static void Discard(string partial)
    {
        try
        {
            File.Delete(partial);
        }
        catch (Exception e) when (TemporaryFolder.IsFault(e))
        {
            // The first failure is the one to tell.
        }
    }
}
