using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Lets a network begin with the weights of a fitted model.</summary>
internal static class WarmStart
{
    /// <summary>Copies the model's parameters and statistics into a network, which must be the same one for the same classes.</summary>
    /// <param name="from">The model.</param>
    /// <param name="network">The network, on the CPU.</param>
    /// <param name="classes">The names of the classes.</param>
    /// <param name="log">Receives what was done.</param>
    /// <exception cref="ArgumentException">It is not such a model; the message names the difference.</exception>
    public static void Apply(ITransformer from, StagedNetwork network, IReadOnlyList<string> classes, Action<string> log)
    {
        if (from is not EarlyReadoutTransformer model)
        {
            throw new ArgumentException(
                $"StartFrom is a {from.GetType().Name}; give the model itself: EarlyReadoutTransformer.From(pipeline), or Load(path).");
        }

        if (!model.ClassNames.SequenceEqual(classes))
        {
            string Named(IEnumerable<string> names) => string.Join(", ", names.Take(10).Select(name => $"'{Excerpt.Of(name)}'"));
            throw new ArgumentException(
                FormattableString.Invariant($"StartFrom has {model.Classes} classes ({Named(model.ClassNames)}), ")
                    + FormattableString.Invariant($"the training data {classes.Count} ({Named(classes)}): ")
                    + "they must be the same, in the same order.");
        }

        if (model.Training is { } record && record.Network != network.GetName())
        {
            throw new ArgumentException($"StartFrom is the network {record.Network}, for features of type {model.FeatureColumnType}; this "
                + $"training builds {network.GetName()}, for {network.Shape.Plural}.");
        }

        var kept = model.Weights.Tensors.ToDictionary(tensor => tensor.Name);
        (string Name, Tensor Tensor)[] own = [.. ModuleState.Of(network)];
        string? difference = own.Where(entry => !kept.ContainsKey(entry.Name)).Select(entry => $"it lacks '{entry.Name}'")
            .Concat(kept.Keys.Except(own.Select(entry => entry.Name)).Select(name => $"it has '{name}' besides"))
            .Concat(own.Where(entry => kept.TryGetValue(entry.Name, out TrainedTensor? old) && !old.Shape.SequenceEqual(entry.Tensor.shape))
                .Select(entry => $"its '{entry.Name}' is ({string.Join(", ", kept[entry.Name].Shape)}) and not "
                    + $"({string.Join(", ", entry.Tensor.shape)})"))
            .FirstOrDefault();
        if (difference is not null)
            throw new ArgumentException($"StartFrom is not the {network.GetName()} that this training builds: {difference}.");

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor tensor) in own)
        {
            Tensor old = empty(kept[name].Shape, kept[name].Type);
            kept[name].Bytes.CopyTo(old.bytes);
            tensor.copy_(old);
        }

        log(FormattableString.Invariant($"The network starts from {own.Length} tensors of the model that StartFrom gives."));
    }
}
