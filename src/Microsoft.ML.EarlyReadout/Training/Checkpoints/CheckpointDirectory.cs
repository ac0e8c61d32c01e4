using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A folder of checkpoints, numbered in the order in which they were taken. A checkpoint is there wholly or not at all, whenever the
/// process ends.
/// </summary>
/// <remarks>
/// It is written beside under a passing name, flushed and renamed. The best network's weights are files of their own, since checkpoints
/// share them; those that no checkpoint names go with the last one that did.
/// </remarks>
internal sealed partial class CheckpointDirectory : IDisposable
{
    private const string Prefix = "checkpoint-";
    public const string BestPrefix = "best-";
    private const string Passing = ".partial";
    private const string LockName = "in-use.lock";
    private readonly string _path;
    private readonly int _kept;
    private readonly FileStream? _lock; // null: another rank writes
    private int _last;
    private bool _hasWarned;

    private CheckpointDirectory(string path, int kept, FileStream? taken) => (_path, _kept, _lock) = (path, kept, taken);

    /// <summary>Makes or opens the folder, for this fit alone.</summary>
    /// <exception cref="IOException">The folder cannot be written, or another fit uses it.</exception>
    public static CheckpointDirectory Open(string path, int kept)
    {
        string full = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            throw new IOException($"CheckpointDirectory '{full}' cannot be made: {fault.Message}", fault);
        }

        CheckpointDirectory? directory = null;
        try
        {
            directory = new CheckpointDirectory(
                full, kept, new FileStream(Path.Combine(full, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            directory.Clean();
            return directory;
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            directory?.Dispose();
            throw new IOException(
                $"CheckpointDirectory '{full}' cannot be used: another training uses it, or it cannot be written. {fault.Message}", fault);
        }
    }

    /// <summary>Looks into the folder of another rank, which writes it.</summary>
    public static CheckpointDirectory Read(string path, int kept) => new(Path.GetFullPath(path), kept, null);

    /// <summary>The newest checkpoint's folder, if there is any.</summary>
    public string? Newest => NewestOf(_path);

    /// <summary>Whether a folder holds a checkpoint.</summary>
    public static bool HoldsAny(string path) => NumberedFolders.In(path, Prefix).Length > 0;

    /// <summary>Copies the newest checkpoint of a folder, which another training may still use, into a new one. The copy is on the disk
    /// when this returns.</summary>
    /// <returns>The copy's folder; <see langword="null"/> where there is no checkpoint.</returns>
    /// <exception cref="IOException">It could not be copied whole.</exception>
    public static string? Copy(string from, string to)
    {
        if (NewestOf(from) is not { } newest) return null;
        string copy = Directory.CreateDirectory(Path.Combine(to, Path.GetFileName(newest))).FullName;
        foreach (string file in Directory.EnumerateFiles(newest))
            CheckpointFiles.CopyThrough(file, Path.Combine(copy, Path.GetFileName(file)));
        if (CheckpointFiles.BestOf(copy) is { Length: > 0 } best)
            CheckpointFiles.CopyThrough(Path.Combine(from, best), Path.Combine(to, best));
        return copy;
    }

    /// <summary>The full path of a file beside the checkpoints.</summary>
    public string PathOf(string file) => Path.Combine(_path, file);

    /// <summary>Writes the weights of a best network.</summary>
    /// <exception cref="IOException">The folder can no longer be written.</exception>
    /// <returns>The file's name.</returns>
    public string WriteBest(string loop, long step, IEnumerable<(string Name, Tensor Tensor)> weights)
    {
        string name = FormattableString.Invariant($"{BestPrefix}{loop.ToLowerInvariant()}-step-{step}.safetensors");
        Write(() => CheckpointFiles.WriteWeights(PathOf(name), weights));
        return name;
    }

    /// <summary>Adds a checkpoint and lets go of the oldest beyond those that are kept. One that cannot be removed ends no training: it is
    /// tried again after the next checkpoint.</summary>
    /// <param name="state">Where the training stands.</param>
    /// <param name="network">The network's tensors.</param>
    /// <param name="training">The others.</param>
    /// <param name="warn">Receives, once, why something cannot be removed.</param>
    /// <exception cref="IOException">The folder can no longer be written.</exception>
    public void Add(
        CheckpointState state, IEnumerable<(string Name, Tensor Tensor)> network, IEnumerable<(string Name, Tensor Tensor)> training,
        Action<string> warn)
    {
        string draft = PathOf(Prefix + Path.GetRandomFileName() + Passing);
        Write(() =>
        {
            try
            {
                Directory.CreateDirectory(draft);
                CheckpointFiles.Write(draft, state, network, training, state.BestFile is { } best ? PathOf(best) : null);
                Directory.Move(draft, PathOf(FormattableString.Invariant($"{Prefix}{_last + 1:D6}")));
            }
            catch
            {
                TryRemove(() => Directory.Delete(draft, recursive: true)); // what a full disk cut short takes room
                throw;
            }
        });
        _last++;
        TryRemove(() => Prune(state.BestFile, warn), warn);
    }

    public void Dispose() => _lock?.Dispose();

    private void Clean()
    {
        RemovePassing(warn: null); // of what stays the first checkpoint warns
        _last = Numbered().Select(entry => entry.Number).LastOrDefault();
    }

    /// <summary>Removes what a killed process left half-done, and what is on its way out.</summary>
    private void RemovePassing(Action<string>? warn)
    {
        foreach (string folder in Directory.GetDirectories(_path, Prefix + "*" + Passing))
            TryRemove(() => Directory.Delete(folder, recursive: true), warn);
        foreach (string draft in Directory.GetFiles(_path).Where(file => BestDraft().IsMatch(Path.GetFileName(file))))
            TryRemove(() => File.Delete(draft), warn);
    }

    private void TryRemove(Action remove, Action<string>? warn = null)
    {
        try
        {
            remove();
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            if (warn is null || _hasWarned) return;
            _hasWarned = true;
            warn($"CheckpointDirectory '{_path}' keeps what is no longer needed, because it cannot be removed: {fault.Message} The "
                + "training goes on, and tries again after each checkpoint.");
        }
    }

    /// <exception cref="IOException">The folder cannot be written.</exception>
    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception fault) when (TemporaryFolder.IsFault(fault))
        {
            throw new IOException($"CheckpointDirectory '{_path}' can no longer be written: {fault.Message} Mend it or make room, then fit "
                + "again: the training goes on from the last whole checkpoint.", fault);
        }
    }

    private void Prune(string? best, Action<string> warn)
    {
        // Half of a deleted checkpoint must not look like one.
        foreach ((_, string old) in Numbered().SkipLast(_kept)) TryRemove(() => Directory.Move(old, old + Passing), warn);
        RemovePassing(warn);

        // Older checkpoints may name older best networks.
        string[] named = [best ?? "", .. Numbered().SkipLast(1).Select(entry => CheckpointFiles.BestOf(entry.Path))];
        foreach (string file in Directory.GetFiles(_path, BestPrefix + "*").Where(file => Best().IsMatch(Path.GetFileName(file))))
            if (!named.Contains(Path.GetFileName(file))) TryRemove(() => File.Delete(file), warn);
    }

    private static string? NewestOf(string folder) => NumberedFolders.In(folder, Prefix).Select(entry => entry.Path).LastOrDefault();

    private (int Number, string Path)[] Numbered() => NumberedFolders.In(_path, Prefix);

    // What else lies in the folder is the user's.
    [GeneratedRegex(@"^best-[a-z0-9-]+-step-\d+\.safetensors$")]
    private static partial Regex Best();

    // As AtomicFile names what it has not finished.
    [GeneratedRegex(@"^best-[a-z0-9-]+-step-\d+\.safetensors\.[0-9a-f]{32}\.partial$")]
    private static partial Regex BestDraft();
}
