namespace Studies;

/// <summary>Text in lines as wide as those of the page.</summary>
internal static class PageLines
{
    private const int Widest = 120;

    /// <summary>The text, broken between words.</summary>
    /// <param name="text">One line.</param>
    /// <param name="indent">What all lines but the first begin with.</param>
    public static string Of(string text, string indent)
    {
        var lines = new List<string>();
        while (text.Length > Widest && text.LastIndexOf(' ', Widest) is var end && end > indent.Length)
        {
            lines.Add(text[..end]);
            text = $"{indent}{text[(end + 1)..]}";
        }

        return string.Join('\n', [.. lines, text]);
    }
}
