using System.Security.Cryptography;
using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// One checkpoint on disk: a folder with the network's weights and the training's other tensors as safetensors, where the training stands
/// as JSON, and the SHA-256 of each in the form that <c>sha256sum --check</c> reads.
/// </summary>
internal static class CheckpointFiles
{
    public const string Network = "network.safetensors";
    public const string Training = "training.safetensors";
    private const string State = "state.json";
    private const string Sums = "SHA256SUMS";
    private const string BestPath = "../" + CheckpointDirectory.BestPrefix;
    private const int HashDigits = 64;
    private const long LongestSums = 4096;

    private static readonly JsonSerializerOptions Json = new()
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Writes a checkpoint into a folder of its own; every file is on the disk when this returns.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="state">Where the training stands.</param>
    /// <param name="network">The network's tensors.</param>
    /// <param name="training">The others.</param>
    /// <param name="best">The full path of the best network's weights, if there are any.</param>
    public static void Write(
        string folder, CheckpointState state, IEnumerable<(string Name, Tensor Tensor)> network,
        IEnumerable<(string Name, Tensor Tensor)> training, string? best)
    {
        SafetensorsFile.Write(Path.Combine(folder, Network), network.Select(entry => KeyValuePair.Create(entry.Name, entry.Tensor)));
        SafetensorsFile.Write(Path.Combine(folder, Training), training.Select(entry => KeyValuePair.Create(entry.Name, entry.Tensor)));
        // in pieces, as it is read: many rows or points may make it longer than an array can be
        WriteThrough(Path.Combine(folder, State), stream => JsonSerializer.Serialize(stream, state, Json));
        List<string> named = [Network, Training, State];
        if (best is not null) named.Add("../" + Path.GetFileName(best));
        WriteThrough(
            Path.Combine(folder, Sums),
            stream => stream.Write(
                [.. named.SelectMany(name => System.Text.Encoding.ASCII.GetBytes($"{HashOf(Path.Combine(folder, name))}  {name}\n"))]));
    }

    /// <summary>Reads where a training stands, once every file of the checkpoint has been found to be as it was written.</summary>
    /// <exception cref="InvalidDataException">A file is missing, damaged or of a form that this version does not know; the message names
    /// it.</exception>
    public static CheckpointState Read(string folder)
    {
        IReadOnlySet<string> verified = Verify(folder);
        string path = Path.Combine(folder, State);
        CheckpointState state;
        try
        {
            using FileStream stream = Open(path);
            state = JsonSerializer.Deserialize<CheckpointState>(stream, Json) ?? throw Fault(path, "holds nothing");
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            throw Fault(path, $"does not say where the training stands: {Excerpt.Of(fault.Message)}", fault);
        }

        if (state.Format != CheckpointState.CurrentFormat)
            throw Fault(
                path,
                FormattableString.Invariant(
                    $"is of format {state.Format}; this version of the library reads format {CheckpointState.CurrentFormat}"));
        if (state.BestStep < 0 || state.Point < state.BestStep || state.Step < state.Point)
            throw Fault(path, "names a place that no training reaches");
        // a list's entries may be null whatever its type says
        if (state.History.Contains(null!)) throw Fault(path, "lacks a point of the history");
        if (state.BestFile is { } best && !verified.Contains("../" + best)) throw Fault(path, $"names weights that {Sums} does not");
        return state;
    }

    /// <summary>Writes weights beside the checkpoints.</summary>
    public static void WriteWeights(string path, IEnumerable<(string Name, Tensor Tensor)> weights) =>
        SafetensorsFile.Write(path, weights.Select(entry => KeyValuePair.Create(entry.Name, entry.Tensor)));

    /// <summary>The name of the best network's file that a checkpoint goes with, or an empty text.</summary>
    public static string BestOf(string folder)
    {
        string sums = Path.Combine(folder, Sums);
        if (!File.Exists(sums)) return ""; // a damaged checkpoint is no reason to end the training that takes the next one
        return Path.GetFileName(File.ReadLines(sums).FirstOrDefault(line => line.Contains(BestPath, StringComparison.Ordinal))) ?? "";
    }

    /// <returns>The names that have been found to be as they were written.</returns>
    private static HashSet<string> Verify(string folder)
    {
        string path = Path.Combine(folder, Sums);
        string[] lines;
        using (FileStream stream = Open(path, LongestSums))
        using (var reader = new StreamReader(stream)) lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        HashSet<string> seen = [];
        foreach (string line in lines)
        {
            string name = line.Length > HashDigits + 2 ? line[(HashDigits + 2)..] : "";
            bool isKnown = name is Network or Training or State
                || (name.StartsWith(BestPath, StringComparison.Ordinal)
                    && name[BestPath.Length..].All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.'));
            if (!isKnown || !seen.Add(name)) throw Fault(path, "is damaged");
            string file = Path.Combine(folder, name);
            if (HashOf(file) != line[..HashDigits]) throw Fault(Path.GetFullPath(file), "is not as it was written: its SHA-256 differs");
        }

        foreach (string name in new[] { Network, Training, State })
            if (!seen.Contains(name)) throw Fault(path, $"names no {name}");
        return seen;
    }

    private static string HashOf(string path)
    {
        using FileStream stream = Open(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static FileStream Open(string path, long longest = long.MaxValue)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length <= longest) return stream;
            stream.Dispose();
            throw Fault(path, FormattableString.Invariant($"has {stream.Length} bytes; at most {longest} were expected"));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw Fault(Path.GetFullPath(path), "cannot be read", fault);
        }
    }

    /// <summary>Copies a file; the copy is on the disk when this returns.</summary>
    public static void CopyThrough(string from, string to)
    {
        File.Copy(from, to);
        using var copy = new FileStream(to, FileMode.Open, FileAccess.Write);
        copy.Flush(flushToDisk: true);
    }

    private static void WriteThrough(string path, Action<Stream> write)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        write(stream);
        stream.Flush(flushToDisk: true);
    }

    private static InvalidDataException Fault(string path, string what, Exception? cause = null) =>
        new($"'{path}' {what}.", cause);
}
