using System.Text.Encodings.Web;
using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Results as JSON.</summary>
internal static class ResultJson
{
    /// <summary>The form in which results are written.</summary>
    public static readonly JsonSerializerOptions Form = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };
}
