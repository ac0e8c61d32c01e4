using System.Text;
using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The checkpoint folder of one attempt at a run. Each attempt has its own, which begins as a copy of the newest checkpoint of those
/// before it: a worker that was given up for dead, and wakes up, writes where nobody reads any more.
/// </summary>
internal sealed class AttemptFolder
{
    private const string RunPrefix = "run-";
    private const string Prefix = "attempt-";
    private const string Curve = "curve.json";

    private AttemptFolder(string path) => Path = path;

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>The folder of all that a search has. One of the same name in another store has another, unless it is the same search.
    /// </summary>
    public static string OfSearch(string root, string search, IReadOnlyDictionary<string, string> identity) =>
        System.IO.Path.Combine(System.IO.Path.GetFullPath(root), SearchIdentity.UniqueName(search, identity));

    /// <summary>Makes the folder of a claim.</summary>
    /// <param name="folder">The folder of the search.</param>
    /// <param name="claim">The claim.</param>
    /// <param name="warn">Receives why a checkpoint is not used.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static AttemptFolder Create(string folder, RunClaim claim, Action<string> warn)
    {
        string run = OfRun(folder, claim.Run.Number);
        string path = System.IO.Path.Combine(run, FormattableString.Invariant($"{Prefix}{claim.Attempt}"));
        try
        {
            Delete(path); // of the same search in a store that is gone
            string[] earlier = [.. Earlier(run, claim.Attempt)];
            _ = earlier.Any(attempt => TryCopy(attempt, path, warn));
            Directory.CreateDirectory(path);
            foreach (string attempt in earlier) Delete(attempt);
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            throw new IOException($"The folder '{path}' of a search's checkpoints cannot be written: {fault.Message}", fault);
        }

        return new AttemptFolder(path);
    }

    /// <summary>Removes all that is kept of a run, as far as nobody holds it.</summary>
    public static void DeleteRun(string folder, int run) => Delete(OfRun(folder, run));

    /// <summary>Removes all that is kept of a search, as far as nobody holds it; and its folder, unless others have put something there.
    /// </summary>
    public static void DeleteSearch(string folder)
    {
        try
        {
            if (!Directory.Exists(folder)) return;
            foreach ((_, string run) in NumberedFolders.In(folder, RunPrefix)) Delete(run);
            if (!Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            // Another process of the search has removed it, or a worker that has lost its claim writes again.
        }
    }

    /// <summary>
    /// What the attempts before had found out by the checkpoint that this one goes on from; <see langword="null"/> where it begins anew.
    /// </summary>
    public RunOutcome? Read()
    {
        string curve = System.IO.Path.Combine(Path, Curve);
        return File.Exists(curve) && CheckpointDirectory.HoldsAny(Path) ? RunOutcome.Parse(File.ReadAllText(curve)) : null;
    }

    /// <summary>Writes what is known beside the checkpoint that is about to be taken.</summary>
    public void Write(RunOutcome outcome) => AtomicFile.Write(
        System.IO.Path.Combine(Path, Curve), stream => stream.Write(Encoding.UTF8.GetBytes(outcome.ToJson())), isFlushed: true);

    /// <summary>Removes the folder.</summary>
    public void Delete() => Delete(Path);

    private static string OfRun(string folder, int run) =>
        System.IO.Path.Combine(folder, FormattableString.Invariant($"{RunPrefix}{run:D4}"));

    private static IEnumerable<string> Earlier(string run, int attempt) =>
        from each in NumberedFolders.In(run, Prefix)
        where each.Number < attempt
        orderby each.Number descending
        select each.Path;

    /// <summary>Removes a folder, as far as nobody holds it.</summary>
    private static void Delete(string path)
    {
        try
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            // A worker that has lost its claim still writes here, and removes it.
        }
    }

    /// <summary>Copies an attempt that has a whole checkpoint, and what was found out before it; its worker may still be at it.</summary>
    private static bool TryCopy(string from, string to, Action<string> warn)
    {
        string curve = System.IO.Path.Combine(from, Curve);
        try
        {
            if (CheckpointDirectory.Copy(from, to) is { } checkpoint)
            {
                // After the checkpoint, which must not know more. Before the first validation there is none.
                if (File.Exists(curve)) CheckpointFiles.CopyThrough(curve, System.IO.Path.Combine(to, Curve));
                RunOutcome? before = new AttemptFolder(to).Read();
                if (CheckpointFiles.Read(checkpoint).History.Count == 0 || before is not null) return true;
            }
        }
        catch (JsonException fault)
        {
            warn($"The checkpoint in '{from}' is not used, because its {Curve} cannot be read: {fault.Message}");
        }
        catch (InvalidDataException fault)
        {
            warn($"The checkpoint in '{from}' is not used, because its copy is damaged: {fault.Message}");
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            // It went while it was copied.
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            Delete(to); // what was copied stays, for a claim to come
            throw;
        }

        Delete(to);
        return false;
    }
}
