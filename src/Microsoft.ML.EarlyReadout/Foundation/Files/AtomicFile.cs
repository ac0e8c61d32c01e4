namespace Microsoft.ML.EarlyReadout;

/// <summary>A file that is written wholly or not at all.</summary>
internal static class AtomicFile
{
    private const int MostLinks = 40; // that Linux follows on one path

    /// <summary>Writes beside the file first, then renames.</summary>
    /// <param name="path">The file; an existing one is replaced. A link stays, and the file that it leads to is replaced; what is no file,
    /// such as <c>/dev/null</c>, is written as it is on Linux.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="isFlushed">Whether the content is on the disk before the file is renamed: then a machine that fails leaves it whole
    /// too.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void Write(string path, Action<Stream> write, bool isFlushed = false)
    {
        string full = Path.GetFullPath(path);
        try
        {
            if (OperatingSystem.IsLinux() && LibC.IsDevice(full))
            {
                using var device = new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                write(device);
            }
            else
            {
                Replace(TargetOf(full), write, isFlushed);
            }
        }
        catch (Exception e) when (TemporaryFolder.IsFault(e))
        {
            throw new IOException($"Cannot write '{full}': {e.Message}", e);
        }
    }

    /// <summary>The file that a link leads to, which need not be there yet; the path itself where it is no link.</summary>
    /// <remarks>Each name is followed in turn, as the system does it: above a folder that is a link lies what is above the folder that it
    /// leads to. .NET strikes out <c>folder/..</c> before it looks.</remarks>
    private static string TargetOf(string path)
    {
        if (LinkOf(path) is null) return path;
        string real = "";
        int links = 0;
        var names = new Stack<string>();
        Push(path);
        while (names.TryPop(out string? name))
        {
            string next = Path.Combine(real, name);
            if (name == "..")
            {
                real = Path.GetDirectoryName(real) ?? real; // nothing is above the root
            }
            else if (LinkOf(next) is { } target)
            {
                if (++links > MostLinks) throw new IOException("Too many links lead to one another.");
                Push(target);
            }
            else
            {
                real = next;
            }
        }

        return real;

        void Push(string part)
        {
            string root = Path.GetPathRoot(part)!;
            if (root.Length > 0) real = root;
            char[] separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];
            string[] parts = part[root.Length..].Split(separators, StringSplitOptions.RemoveEmptyEntries);
            foreach (string name in parts.Where(each => each != ".").Reverse()) names.Push(name);
        }
    }

    private static string? LinkOf(string path) => new FileInfo(path).LinkTarget;

    private static void Replace(string path, Action<Stream> write, bool isFlushed)
    {
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            var form = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows() && File.Exists(path)) form.UnixCreateMode = File.GetUnixFileMode(path);
            using (var stream = new FileStream(partial, form))
            {
                // Who may read the file that is replaced may read this one, and nobody else, whatever the umask takes.
                if (!OperatingSystem.IsWindows() && form.UnixCreateMode is { } mode) File.SetUnixFileMode(stream.SafeFileHandle, mode);
                write(stream);
                if (isFlushed) stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
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
