namespace Microsoft.ML.EarlyReadout;

/// <summary>A file that is written wholly or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes beside the file first, then renames.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="isFlushed">Whether the content is on the disk before the file is renamed: then a machine that fails leaves it whole
    /// too.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void Write(string path, Action<Stream> write, bool isFlushed = false)
    {
        string full = Path.GetFullPath(path);
        string partial = $"{full}.{Guid.NewGuid():N}.partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                if (isFlushed) stream.Flush(flushToDisk: true);
            }

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
