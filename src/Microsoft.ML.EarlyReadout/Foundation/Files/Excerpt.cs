namespace Microsoft.ML.EarlyReadout;

/// <summary>What a message quotes of a file, which may hold anything of any length.</summary>
internal static class Excerpt
{
    private const int Longest = 400;

    /// <summary>The text, or its beginning and end where it is longer than a message should be.</summary>
    public static string Of(string text) => text.Length <= Longest ? text : $"{text[..(Longest / 2)]}…{text[^(Longest / 2)..]}";
}
