using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a text's vector is made of.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TokenPooling>))]
public enum TokenPooling
{
    /// <summary>The mean of all tokens' vectors.</summary>
    Mean,

    /// <summary>The vector of the first token, [CLS].</summary>
    First,
}
