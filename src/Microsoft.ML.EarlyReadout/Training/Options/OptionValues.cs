using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A trainer's options as names and values: nested ones with dots, such as <c>Optimizer.LearningRate</c>; values as JSON.
/// </summary>
internal static class OptionValues
{
    public static IReadOnlyDictionary<string, string> Of(TrainerOptions options)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add(values, "", JsonSerializer.SerializeToNode(options, options.GetType(), OptionsJson.Form));
        return values;
    }

    private static void Add(SortedDictionary<string, string> values, string name, JsonNode? node)
    {
        if (node is JsonObject nested)
        {
            foreach ((string inner, JsonNode? value) in nested) Add(values, name.Length == 0 ? inner : $"{name}.{inner}", value);
        }
        else if (node is JsonArray list && list.Any(each => each is JsonObject))
        {
            foreach ((int i, JsonNode? value) in list.Index()) Add(values, FormattableString.Invariant($"{name}[{i}]"), value);
        }
        else
        {
            values[name] = node?.ToJsonString() ?? "null";
        }
    }
}
