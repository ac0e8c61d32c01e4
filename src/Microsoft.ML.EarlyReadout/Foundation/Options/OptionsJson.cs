using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Options as JSON.</summary>
internal static class OptionsJson
{
    /// <summary>The form in which options are copied and compared.</summary>
    public static readonly JsonSerializerOptions Form = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
}
