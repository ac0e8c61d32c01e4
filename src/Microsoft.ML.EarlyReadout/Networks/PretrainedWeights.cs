using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Loads a file of weights into a network, name by name.</summary>
internal static class PretrainedWeights
{
    private const string CounterName = "num_batches_tracked";
    private const string VarianceName = "running_var";
    private const int NamesShown = 5;

    /// <summary>
    /// Loads all weights and batch norm statistics. A head that is missing in the file, or is for another number of classes, stays as it
    /// was drawn, and the log says so; so does one that reads layers which the network does not have, or in whose place the file has
    /// another. A prefix that the network's names have in the file (<c>module.</c>, <c>backbone.</c>) is recognised, and tensors that are
    /// not floating-point numbers and that no parameter asks for are left out; the log says both.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is malformed or of another kind, or a tensor is missing, unexpected, of another
    /// shape or type, or has numbers that no training leaves; then nothing has been loaded.</exception>
    public static void Load(string path, StagedNetwork network, Action<string> log)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using IWeightsFile file = network is TextEncoder ? TextEncoderFile.Open(path, NetworkKind.Automatic) : Open(path);
        Dictionary<string, Tensor> expected = Expected(network);
        string prefix = WeightsPrefix.Of(file, expected.Keys.Where(name => !network.IsOfHead(name)).ToHashSet());
        Dictionary<string, string> found = file.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[prefix.Length..]);
        if (prefix.Length > 0) log($"The names in '{file.Path}' are taken without the prefix '{prefix}'.");
        string[] others = [.. found.Keys.Where(name => StagedNetwork.IsOfOtherHead(name) && !expected.ContainsKey(name))];
        if (HeadStaysFresh(file, network, expected, found, others, log))
        {
            foreach (string name in found.Keys.Where(network.IsOfHead).Concat(others).ToArray()) found.Remove(name);
            foreach (string name in expected.Keys.Where(network.IsOfHead).ToArray()) expected.Remove(name);
        }
        LeaveOut(file, prefix, expected, found, log);
        Check(file, network, expected, found);
        foreach ((string name, Tensor target) in expected) CheckNumbers(file, found[name], target);
        foreach ((string name, Tensor target) in expected)
        {
            using DisposeScope one = NewDisposeScope();
            target.copy_(file.Read(found[name]));
        }
        log(FormattableString.Invariant($"Loaded {expected.Count} tensors from '{file.Path}'."));
    }

    /// <summary>Opens a file of weights of any network but a text encoder.</summary>
    /// <exception cref="InvalidDataException">The file is malformed or of another kind.</exception>
    public static IWeightsFile Open(string path) =>
        OnnxWeightsFile.HasExtension(path) ? OnnxWeightsFile.Open(path) : SafetensorsFile.Open(path);

    private static Dictionary<string, Tensor> Expected(StagedNetwork network)
    {
        var expected = network.named_parameters().ToDictionary(entry => entry.name, entry => (Tensor)entry.parameter);
        foreach ((string name, Tensor buffer) in network.named_buffers(true, false)) expected[name] = buffer;
        return expected;
    }

    private static bool HeadStaysFresh(
        IWeightsFile file, StagedNetwork network, Dictionary<string, Tensor> expected, Dictionary<string, string> found,
        string[] others, Action<string> log)
    {
        if (others.Length > 0)
        {
            log($"'{file.Path}' has another classifier ('{Excerpt.Of(others[0])}', …) in the place of the network's own "
                + $"('{network.HeadName}'), which starts with fresh weights.");
            return true;
        }

        string[] head = [.. expected.Keys.Where(network.IsOfHead)];
        string[] stored = [.. head.Where(found.ContainsKey)];
        if (stored.Length == 0 && head.Length > 0)
        {
            log(file.HeadReads is { } layer
                ? $"The classifier ('{network.HeadName}') of '{file.Path}' reads layers that are left out ('{Excerpt.Of(layer)}'): it "
                    + "starts with fresh weights."
                : $"'{file.Path}' has no classifier ('{network.HeadName}'): it starts with fresh weights.");
            return true;
        }
        // Only the first dimension is the classes, in the last of its layers; any other difference is a fault.
        if (stored.Length < head.Length) return false;
        string[] other = [.. head.Where(name => !file.Shape(found[name]).SequenceEqual(expected[name].shape))];
        if (other.Length == 0 || !other.All(name => DiffersInClassesAlone(file.Shape(found[name]), expected[name].shape))) return false;
        log($"The classifier ('{network.HeadName}') of '{file.Path}' has "
            + FormattableString.Invariant($"{file.Shape(found[other[0]])[0]} classes and not {network.ClassCount}: ")
            + "it starts with fresh weights.");
        return true;
    }

    private static bool DiffersInClassesAlone(IReadOnlyList<long> stored, long[] wanted) =>
        stored.Count == wanted.Length && stored.Count > 0 && stored.Skip(1).SequenceEqual(wanted.Skip(1));

    /// <summary>
    /// Leaves out what can be no weight of the network: counters, masks and indices, and what lies beside the prefix. Floating-point
    /// numbers that no parameter asks for stay, and are a fault: without that, ResNet-34's weights would pass for ResNet-18's.
    /// </summary>
    private static void LeaveOut(
        IWeightsFile file, string prefix, Dictionary<string, Tensor> expected, Dictionary<string, string> found, Action<string> log)
    {
        string[] unasked = [.. found.Keys.Where(name => !expected.ContainsKey(name))
            .Where(name => IsCounter(name) || !file.HoldsFloats(found[name]))];
        string[] beside = [.. file.Names.Where(name => !name.StartsWith(prefix, StringComparison.Ordinal))];
        string[] told = [.. unasked.Select(name => found[name]).Concat(beside).Where(name => !IsCounter(name)).Order(StringComparer.Ordinal)
            .Select(name => $"'{name}' ({file.TypeName(name)})")];
        foreach (string name in unasked) found.Remove(name);
        if (told.Length > 0) log($"Tensors of '{file.Path}' that no parameter asks for were left out: {Shown(told)}.");
    }

    private static void Check(
        IWeightsFile file, StagedNetwork network, Dictionary<string, Tensor> expected, Dictionary<string, string> found)
    {
        (string Name, Tensor Wanted)[] both = [.. expected.Where(entry => found.ContainsKey(entry.Key))
            .Select(entry => (found[entry.Key], entry.Value))];
        List<string> faults = [];
        Add("expected and not found", expected.Where(entry => !found.ContainsKey(entry.Key))
            .Select(entry => $"'{entry.Key}' {Sides(entry.Value.shape)}"));
        Add("found and not expected", found.Where(entry => !expected.ContainsKey(entry.Key)).Select(entry => entry.Value)
            .Order(StringComparer.Ordinal).Select(name => $"'{name}' {Sides(file.Shape(name))}"));
        Add("wrong shape", both.Where(each => !file.Shape(each.Name).SequenceEqual(each.Wanted.shape))
            .Select(each => $"'{each.Name}' (expected {Sides(each.Wanted.shape)}, found {Sides(file.Shape(each.Name))})"));
        Add("numbers of a type that is not converted (only F64, F32, F16 and BF16 are)", both.Where(each => !file.HoldsFloats(each.Name))
            .Select(each => $"'{each.Name}' ({file.TypeName(each.Name)})"));
        if (faults.Count == 0) return;
        throw new InvalidDataException($"The weights in '{file.Path}' are not those of {network.GetName()}"
            + $"{(network.Shape is TokenShape ? "" : $" ({network.Shape.Channels} input channels)")}: {string.Join("; ", faults)}.");

        void Add(string fault, IEnumerable<string> tensors)
        {
            string[] all = [.. tensors];
            if (all.Length > 0) faults.Add($"{fault}: {Shown(all)}");
        }

        static string Sides(IEnumerable<long> shape) => $"({string.Join(", ", shape)})";
    }

    /// <summary>Refuses numbers by which the first step would diverge, which would be told as a fault of the learning rate.</summary>
    private static void CheckNumbers(IWeightsFile file, string name, Tensor target)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor numbers = file.Read(name).to(target.dtype); // in a narrower type a large one is infinite
        string? fault = !numbers.isfinite().all().item<bool>() ? "numbers that are not finite"
            : name.EndsWith(VarianceName, StringComparison.Ordinal) && numbers.lt(Scalars.Zero).any().item<bool>() ? "variances below 0"
            : null;
        if (fault is not null) throw new InvalidDataException($"The tensor '{Excerpt.Of(name)}' of '{file.Path}' has {fault}.");
    }

    private static string Shown(string[] all)
    {
        string more = all.Length > NamesShown ? FormattableString.Invariant($" and {all.Length - NamesShown} more") : "";
        return string.Join(", ", all.Take(NamesShown).Select(Excerpt.Of)) + more;
    }

    private static bool IsCounter(string name) => name.EndsWith(CounterName, StringComparison.Ordinal);
}
