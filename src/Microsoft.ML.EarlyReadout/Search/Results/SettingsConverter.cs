using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Writes settings, whose values are JSON already, as one object.</summary>
internal sealed class SettingsConverter : JsonConverter<IReadOnlyDictionary<string, string>>
{
    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return new OrderedDictionary<string, string>(
            document.RootElement.EnumerateObject().Select(each => KeyValuePair.Create(each.Name, each.Value.GetRawText())));
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach ((string name, string json) in value)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json);
        }

        writer.WriteEndObject();
    }
}
