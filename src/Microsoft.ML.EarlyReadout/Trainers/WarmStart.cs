using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Lets a network begin with the weights of a fitted model.</summary>
internal static class WarmStart
{
    private const string HeadsSetting = "Network.Encoder.Heads", PoolingSetting = "Network.Encoder.Pooling";

    /// <summary>The columns of a training, with the tokeniser of the model that it starts from.</summary>
    public static TrainingColumns Columns(TrainerOptions options)
    {
        TrainingColumns columns = options.TrainingColumns;
        BertTokenizer? earlier = (options.StartFrom as EarlyReadoutTransformer)?.Columns.Tokenizer;
        return columns with { Text = columns.Text with { Earlier = earlier } };
    }

    /// <summary>The sizes of the text encoder that a training starts from; <see langword="null"/>: it starts from none.</summary>
    public static TextEncoderSizes? EncoderSizes(TrainerOptions options)
    {
        if (options.StartFrom is not EarlyReadoutTransformer { Columns.Tokenizer: not null } model) return null;
        Dictionary<string, IReadOnlyList<long>> shapes =
            model.Weights.Tensors.ToDictionary(tensor => tensor.Name, tensor => (IReadOnlyList<long>)tensor.Shape);
        if (!shapes.ContainsKey(TextEncoderTensors.Words)) return null; // a network of one's own
        return TextEncoderTensors.SizesOf(
            shapes, width => HeadsOf(model) ?? TextEncoderFactory.DefaultHeads(width), "the model that StartFrom gives");
    }

    /// <summary>The stem of the residual network that a training starts from; <see langword="null"/>: it starts from none.</summary>
    public static ResNetStem? Stem(TrainerOptions options)
    {
        if (options.StartFrom is not EarlyReadoutTransformer { Weights.Any: true } model) return null;
        Dictionary<string, TrainedTensor> tensors = model.Weights.Tensors.ToDictionary(tensor => tensor.Name);
        return ResNetTensors.StemOf(tensors.Keys, name => tensors[name].Shape);
    }

    /// <summary>
    /// Copies the model's parameters and statistics into a network, which must be the same one for the same classes. Where the model has
    /// another classifier in the place of the network's own, that one stays as it was drawn, and the log says so.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="network">The network, on the CPU.</param>
    /// <param name="set">The training rows.</param>
    /// <param name="options">The training's options.</param>
    /// <param name="log">Receives what was done.</param>
    /// <exception cref="ArgumentException">It does not go with this training; the message names the difference.</exception>
    public static void Apply(
        EarlyReadoutTransformer model, StagedNetwork network, TrainingSet set, TrainerOptions options, Action<string> log)
    {
        RequireSameClasses(model, set.ClassNames);
        RequireSameName(model, network);
        if (model.Columns.Tokenizer is { } earlier && set.Tokenizer is { } now)
        {
            RequireSameVocabulary(earlier.Vocabulary.Tokens, now.Vocabulary.Tokens);
            RequireSameEncoder(model, options);
        }

        Dictionary<string, TrainedTensor> kept = model.Weights.Tensors.ToDictionary(tensor => tensor.Name);
        (string Name, Tensor Tensor)[] own = LeaveOtherHead(network, kept, log);
        RequireSameTensors(network, own, kept);
        RequireSameInput(model, network, set.Pixels);
        Copy(kept, own);
        log(FormattableString.Invariant($"The network starts from {own.Length} tensors of the model that StartFrom gives."));
    }

    private static void RequireSameClasses(EarlyReadoutTransformer model, IReadOnlyList<string> classes)
    {
        if (model.ClassNames.SequenceEqual(classes)) return;
        throw new ArgumentException(
            FormattableString.Invariant($"StartFrom has {model.ClassCount} classes ({Named(model.ClassNames)}), ")
                + FormattableString.Invariant($"the training data {classes.Count} ({Named(classes)}): ")
                + "they must be the same, in the same order.");

        static string Named(IEnumerable<string> names) => string.Join(", ", names.Take(10).Select(name => $"'{Excerpt.Of(name)}'"));
    }

    private static void RequireSameName(EarlyReadoutTransformer model, StagedNetwork network)
    {
        if (model.Training is { } record && record.Network != network.GetName())
        {
            throw new ArgumentException($"StartFrom is the network {record.Network}, for features of type {model.FeatureColumnType}; this "
                + $"training builds {network.GetName()}, for {network.Shape.Plural}.");
        }
    }

    /// <summary>Where the model has another classifier in the place of the network's own, takes it out of what is copied.</summary>
    /// <param name="network">The network.</param>
    /// <param name="kept">The model's tensors by name; those of such a classifier are removed.</param>
    /// <param name="log">Receives what was done.</param>
    /// <returns>The network's tensors that are copied into: all, or all but its classifier's.</returns>
    private static (string Name, Tensor Tensor)[] LeaveOtherHead(
        StagedNetwork network, Dictionary<string, TrainedTensor> kept, Action<string> log)
    {
        (string Name, Tensor Tensor)[] own = [.. ModuleState.Of(network)];
        string[] others = [.. kept.Keys.Where(StagedNetwork.IsOfOtherHead).Except(own.Select(entry => entry.Name))];
        if (others.Length == 0) return own;
        foreach (string name in others) kept.Remove(name);
        log($"The model that StartFrom gives has another classifier ('{Excerpt.Of(others[0])}', …) in the place of the network's own "
            + $"('{network.HeadName}'), which starts with fresh weights.");
        return [.. own.Where(entry => !network.IsOfHead(entry.Name))];
    }

    private static void RequireSameTensors(
        StagedNetwork network, (string Name, Tensor Tensor)[] own, Dictionary<string, TrainedTensor> kept)
    {
        string? difference = own.Where(entry => !kept.ContainsKey(entry.Name)).Select(entry => $"it lacks '{entry.Name}'")
            .Concat(kept.Keys.Except(own.Select(entry => entry.Name)).Select(name => $"it has '{name}' besides"))
            .Concat(own.Where(entry => kept.TryGetValue(entry.Name, out TrainedTensor? old) && !old.Shape.SequenceEqual(entry.Tensor.shape))
                .Select(entry => $"its '{entry.Name}' is ({string.Join(", ", kept[entry.Name].Shape)}) and not "
                    + $"({string.Join(", ", entry.Tensor.shape)})"))
            .FirstOrDefault();
        if (difference is not null)
            throw new ArgumentException($"StartFrom is not the {network.GetName()} that this training builds: {difference}.");
    }

    private static void RequireSameInput(EarlyReadoutTransformer model, StagedNetwork network, PixelRange? pixels)
    {
        if (InputNormalization.Of(model) is { } before && InputNormalization.Of(network, pixels) is var input && !before.IsLike(input))
        {
            throw new ArgumentException(
                $"StartFrom was trained with another Network.Input: {before}. Here it is {input}, by which the network would see other "
                    + "numbers than those that its weights are for; give the same.");
        }
    }

    private static void Copy(Dictionary<string, TrainedTensor> kept, (string Name, Tensor Tensor)[] own)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor tensor) in own)
        {
            Tensor old = empty(kept[name].Shape, kept[name].Type, CPU);
            kept[name].Bytes.CopyTo(old.bytes);
            tensor.copy_(old);
        }
    }

    private static void RequireSameVocabulary(IReadOnlyList<string> earlier, IReadOnlyList<string> now)
    {
        if (earlier.SequenceEqual(now)) return;
        int first = earlier.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        string At(IReadOnlyList<string> tokens) => first < tokens.Count ? $"'{Excerpt.Of(tokens[first])}'" : "none";
        throw new ArgumentException(
            FormattableString.Invariant($"StartFrom has a vocabulary of {earlier.Count} tokens, ")
                + FormattableString.Invariant($"Network.VocabularyPath one of {now.Count}: ")
                + FormattableString.Invariant($"token {first} is {At(earlier)} there and {At(now)} here. They must be the same; ")
                + "without VocabularyPath the training takes that of StartFrom.");
    }

    // What the shapes of weights do not tell.
    private static void RequireSameEncoder(EarlyReadoutTransformer model, TrainerOptions options)
    {
        IReadOnlyDictionary<string, string> now = OptionValues.Of(options);
        if (options.Network.Encoder.Heads is not null) RequireSame(HeadsSetting);
        RequireSame(PoolingSetting);

        void RequireSame(string name)
        {
            if (model.History.Settings.TryGetValue(name, out string? before) && before != now[name])
                throw new ArgumentException($"StartFrom was trained with {name} {before}, and here it is {now[name]}; give the same.");
        }
    }

    private static int? HeadsOf(EarlyReadoutTransformer model) =>
        model.History.Settings.TryGetValue(HeadsSetting, out string? heads)
            && int.TryParse(heads, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
