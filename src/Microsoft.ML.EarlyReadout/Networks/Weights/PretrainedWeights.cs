using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Loads a safetensors file into a network, name by name.</summary>
internal static class PretrainedWeights
{
    private const string CounterName = "num_batches_tracked";
    private const int NamesShown = 5;

    /// <summary>
    /// Loads all weights and batch norm statistics. A head that is missing in the file, or is for another number of classes, stays as it was drawn, and the log says so.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is malformed, or a tensor is missing, unexpected or of another shape; then nothing has been loaded.</exception>
    public static void Load(string path, StagedNetwork network, Action<string> log)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Dictionary<string, Tensor> expected = Expected(network);
        HashSet<string> found = [.. file.Names.Where(name => !name.EndsWith(CounterName, StringComparison.Ordinal))];
        if (HeadStaysFresh(file, network, expected, log))
        {
            found.RemoveWhere(name => IsHead(network, name));
            foreach (string name in expected.Keys.Where(name => IsHead(network, name)).ToArray()) expected.Remove(name);
        }
        Check(file, network, expected, found);
        foreach ((string name, Tensor target) in expected)
        {
            using DisposeScope one = NewDisposeScope();
            target.copy_(file.Read(name));
        }
        log(FormattableString.Invariant($"Loaded {expected.Count} tensors from '{file.Path}'."));
    }

    private static Dictionary<string, Tensor> Expected(StagedNetwork network)
    {
        var expected = network.named_parameters().ToDictionary(entry => entry.name, entry => (Tensor)entry.parameter);
        foreach ((string name, Tensor buffer) in network.named_buffers(true, false)) expected[name] = buffer;
        return expected;
    }

    private static bool HeadStaysFresh(SafetensorsFile file, StagedNetwork network, Dictionary<string, Tensor> expected, Action<string> log)
    {
        string[] head = [.. expected.Keys.Where(name => IsHead(network, name))];
        string[] stored = [.. head.Where(file.Names.Contains)];
        if (stored.Length == 0 && head.Length > 0)
        {
            log($"'{file.Path}' has no classifier ('{network.HeadName}'): it starts with fresh weights.");
            return true;
        }
        // Only the first dimension is the classes; any other difference is a fault.
        if (stored.Length == head.Length && head.All(name => DiffersInClassesAlone(file.Shape(name), expected[name].shape)))
        {
            log(FormattableString.Invariant($"The classifier ('{network.HeadName}') of '{file.Path}' has {file.Shape(head[0])[0]} classes and not {network.Classes}: it starts with fresh weights."));
            return true;
        }
        return false;
    }

    private static bool DiffersInClassesAlone(IReadOnlyList<long> stored, long[] wanted) =>
        stored.Count == wanted.Length && stored.Count > 0 && stored[0] != wanted[0] && stored.Skip(1).SequenceEqual(wanted.Skip(1));

    private static void Check(SafetensorsFile file, StagedNetwork network, Dictionary<string, Tensor> expected, HashSet<string> found)
    {
        string[] missing = [.. expected.Keys.Where(name => !found.Contains(name))];
        string[] unexpected = [.. found.Where(name => !expected.ContainsKey(name)).Order(StringComparer.Ordinal)];
        string[] wrong = [.. expected.Where(entry => found.Contains(entry.Key) && !file.Shape(entry.Key).SequenceEqual(entry.Value.shape))
            .Select(entry => $"'{entry.Key}' (expected ({string.Join(", ", entry.Value.shape)}), found ({string.Join(", ", file.Shape(entry.Key))}))")];
        List<string> faults = [];
        if (missing.Length > 0) faults.Add($"expected and not found: {Shown(missing.Select(name => $"'{name}' ({string.Join(", ", expected[name].shape)})"))}");
        if (unexpected.Length > 0) faults.Add($"found and not expected: {Shown(unexpected.Select(name => $"'{name}' ({string.Join(", ", file.Shape(name))})"))}");
        if (wrong.Length > 0) faults.Add($"wrong shape: {Shown(wrong)}");
        if (faults.Count > 0)
            throw new InvalidDataException($"The weights in '{file.Path}' are not those of {network.GetName()} ({network.Shape.Channels} input channels): {string.Join("; ", faults)}.");
    }

    private static string Shown(IEnumerable<string> items)
    {
        string[] all = [.. items];
        string more = all.Length > NamesShown ? FormattableString.Invariant($" and {all.Length - NamesShown} more") : "";
        return string.Join(", ", all.Take(NamesShown).Select(Excerpt.Of)) + more;
    }

    private static bool IsHead(StagedNetwork network, string name) => name.StartsWith(network.HeadName + ".", StringComparison.Ordinal);
}
