using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// HTML or SVG. Written as an interpolated string, whatever stands in a hole is escaped, unless it is markup itself: a class name cannot
/// break a page.
/// </summary>
internal readonly record struct Markup(string Value)
{
    public static Markup Empty { get; } = new("");

    /// <summary>Markup from an interpolated string.</summary>
    public static Markup Of(MarkupHandler handler) => handler.ToMarkup();

    /// <summary>Pieces one after another.</summary>
    public static Markup Join(IEnumerable<Markup> pieces) => new(string.Concat(pieces.Select(piece => piece.Value)));

    public override string ToString() => Value;
}

/// <summary>Builds <see cref="Markup"/>: literals as they are, numbers in the invariant culture, all else escaped.</summary>
[InterpolatedStringHandler]
internal readonly struct MarkupHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder _text = new(literalLength + 16 * formattedCount);

    public void AppendLiteral(string literal) => _text.Append(literal);

    public void AppendFormatted(Markup markup) => _text.Append(markup.Value);

    public void AppendFormatted(IEnumerable<Markup> pieces) => _text.AppendJoin("", pieces);

    public void AppendFormatted(string? text) => _text.Append(WebUtility.HtmlEncode(text));

    public void AppendFormatted<T>(T number, string? format = null)
        where T : struct, IFormattable => _text.Append(number.ToString(format, CultureInfo.InvariantCulture));

    public Markup ToMarkup() => new(_text.ToString());
}
