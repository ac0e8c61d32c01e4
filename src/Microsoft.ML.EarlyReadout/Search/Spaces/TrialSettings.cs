using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What a trial sets, as in <see cref="TrainingHistory.Settings"/>: options by name, nested ones with dots, such as
/// <c>Readout.Stage</c>; values as JSON.
/// </summary>
internal static class TrialSettings
{
    /// <summary>The main learning rate.</summary>
    public const string MainRate = "Optimizer.LearningRate";

    /// <summary>The main weight decay.</summary>
    public const string MainDecay = "Optimizer.WeightDecay";

    /// <summary>The stage that the readout reads.</summary>
    public const string Stage = "Readout.Stage";

    private const string Depth = "Readout.Depth";
    private const string Width = "Readout.Width";
    private const string RateDigits = "G3"; // more say nothing, and people read them

    /// <summary>What a point of a space sets.</summary>
    /// <param name="axes">The axes.</param>
    /// <param name="point">The value on each.</param>
    /// <param name="network">The network, whose main rate other rates are multiples of.</param>
    public static OrderedDictionary<string, string> Of(IReadOnlyList<Axis> axes, double[] point, SearchedNetwork network)
    {
        double main = MainRateOf(axes, point, network);
        var settings = new OrderedDictionary<string, string>();
        foreach ((Axis axis, double value) in axes.Zip(point))
        {
            double set = axis.Values is not null ? value : Rounded(axis.IsMultiple ? value * main : value);
            settings[axis.Option] = JsonSerializer.Serialize(set);
        }

        return WithoutIdleWidth(settings);
    }

    /// <summary>What options set of that which is varied; what is automatic there is left out.</summary>
    /// <param name="axes">What is varied.</param>
    /// <param name="options">The options.</param>
    public static OrderedDictionary<string, string> Of(IReadOnlyList<Axis> axes, TrainerOptions options)
    {
        JsonNode root = JsonSerializer.SerializeToNode(options, options.GetType(), OptionsJson.Form)!;
        var settings = new OrderedDictionary<string, string>();
        foreach (Axis axis in axes)
        {
            JsonNode? value = axis.Option.Split('.').Aggregate<string, JsonNode?>(root, (node, part) => node?[part]);
            if (value is not null) settings[axis.Option] = value.ToJsonString();
        }

        return WithoutIdleWidth(settings);
    }

    /// <summary>The main learning rate that settings set, if they do.</summary>
    public static double? MainRateOf(IReadOnlyDictionary<string, string> settings) =>
        settings.TryGetValue(MainRate, out string? rate) ? double.Parse(rate, CultureInfo.InvariantCulture) : null;

    /// <summary>The main rate at a point of a space, as gradient descent counts it.</summary>
    public static double MainRateOf(IReadOnlyList<Axis> axes, double[] point, SearchedNetwork network)
    {
        double? drawn = axes.Zip(point).Where(each => each.First.Option == MainRate).Select(each => (double?)each.Second).FirstOrDefault();
        return network.MainRateOf(drawn);
    }

    /// <summary>One line of JSON, for a store.</summary>
    public static string ToJson(IReadOnlyDictionary<string, string> settings) =>
        new JsonObject(settings.Select(each => KeyValuePair.Create(each.Key, JsonNode.Parse(each.Value)))).ToJsonString();

    /// <summary>Words for people.</summary>
    public static string ToText(IReadOnlyDictionary<string, string> settings) =>
        string.Join(", ", settings.Select(each => $"{each.Key} {each.Value.Trim('"')}"));

    /// <summary>A copy of options with settings put in.</summary>
    public static TOptions Apply<TOptions>(TOptions options, IReadOnlyDictionary<string, string> settings)
        where TOptions : TrainerOptions
    {
        JsonNode root = JsonSerializer.SerializeToNode(options, OptionsJson.Form)!;
        foreach ((string name, string value) in settings)
        {
            string[] path = name.Split('.');
            JsonNode owner = path.SkipLast(1).Aggregate(root, (node, part) => node[part]!);
            owner[path[^1]] = JsonNode.Parse(value);
        }

        TOptions copy = root.Deserialize<TOptions>(OptionsJson.Form)!;
        copy.TakeReferences(options);
        return copy;
    }

    private static OrderedDictionary<string, string> WithoutIdleWidth(OrderedDictionary<string, string> settings)
    {
        if (settings.GetValueOrDefault(Depth) == "0") settings.Remove(Width); // a linear readout has no blocks
        return settings;
    }

    private static double Rounded(double value) =>
        double.Parse(value.ToString(RateDigits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
