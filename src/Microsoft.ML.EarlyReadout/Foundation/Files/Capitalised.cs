namespace Microsoft.ML.EarlyReadout;

/// <summary>A text that begins a line or a sentence.</summary>
internal static class Capitalised
{
    /// <summary>The text, its first letter a capital.</summary>
    /// <param name="text">At least a letter.</param>
    public static string Of(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
