using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What the charts share: SVG that scales with the page, classes of <c>report.css</c> for colour, dash and fill, and markers that differ in
/// shape.
/// </summary>
internal static class Chart
{
    /// <summary>The width of every chart in user units; a unit is about a pixel.</summary>
    public const int Width = 420;

    // No text can be measured here, so this is a wide sans-serif's average letter, in the size that phones get.
    private const double LetterWidth = 7.6;
    private const double BoldLetterWidth = 8.6;
    private const int LegendLine = 18;

    /// <summary>How many styles there are; later series start again.</summary>
    public const int Styles = 7;

    /// <summary>An SVG image.</summary>
    /// <param name="id">Unique on the page.</param>
    /// <param name="height">Its height in user units.</param>
    /// <param name="title">What it is.</param>
    /// <param name="description">What one would see, in words.</param>
    /// <param name="content">The drawing.</param>
    public static Markup Svg(string id, double height, string title, string description, IEnumerable<Markup> content) => Markup.Of(
        $"<svg viewBox=\"0 0 {Width} {height:0.#}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\"><title "
            + $"id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}</desc>\n{content}</svg>");

    public static Markup Line(double x1, double y1, double x2, double y2, string style) =>
        Markup.Of($"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" class=\"{style}\"/>\n");

    public static Markup Rect(double x, double y, double width, double height, string style) =>
        Markup.Of($"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\" class=\"{style}\"/>\n");

    /// <summary>Text at a place; its anchor is <c>start</c>, <c>middle</c> or <c>end</c>.</summary>
    public static Markup Text(double x, double y, string text, string anchor = "start", string style = "") =>
        Markup.Of($"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" class=\"{style}\">{text}</text>\n");

    /// <summary>A heading that ends in … where it is longer than the chart is wide; tables have the whole of it.</summary>
    public static Markup Heading(double x, double y, string text) =>
        Text(x, y, Shorten(text, (Width - x) / BoldLetterWidth), style: "heading");

    /// <summary>A text of at most so many letters, the last of them … where it is cut.</summary>
    public static string Shorten(string text, double letters) =>
        text.Length <= letters ? text : text[..Math.Max(1, (int)letters - 1)] + "…";

    /// <summary>A marker of a series: circle, square, triangle, diamond, cross, upside-down triangle or ring.</summary>
    public static Markup Marker(double x, double y, int series)
    {
        const double r = 4.5;
        string path = (series % Styles) switch
        {
            0 or 6 => FormattableString.Invariant($"M{x - r:0.##} {y:0.##}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"),
            1 => FormattableString.Invariant($"M{x - 4:0.##} {y - 4:0.##}h8v8h-8z"),
            2 => FormattableString.Invariant($"M{x:0.##} {y - 5.5:0.##}l5.2 9h-10.4z"),
            3 => FormattableString.Invariant($"M{x:0.##} {y - 5.8:0.##}l5.8 5.8l-5.8 5.8l-5.8 -5.8z"),
            4 => FormattableString.Invariant($"M{x - 1.5:0.##} {y - 5:0.##}h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z"),
            _ => FormattableString.Invariant($"M{x:0.##} {y + 5.5:0.##}l5.2 -9h-10.4z"),
        };
        return Markup.Of($"<path d=\"{path}\" class=\"marker s{series % Styles}\"/>\n");
    }

    /// <summary>An interval in a series' colour, with a stroke across each end.</summary>
    /// <param name="low">The lower end's x.</param>
    /// <param name="high">The upper end's x.</param>
    /// <param name="y">Its height.</param>
    /// <param name="series">The series.</param>
    /// <param name="stroke">How far the strokes go up and down.</param>
    public static Markup Interval(double low, double high, double y, int series, double stroke = 4)
    {
        string style = FormattableString.Invariant($"interval s{series % Styles}");
        return Markup.Join(
        [
            Line(low, y, high, y, style), Line(low, y - stroke, low, y + stroke, style), Line(high, y - stroke, high, y + stroke, style),
        ]);
    }

    /// <summary>A series' line through points, in the series' colour and dash.</summary>
    public static Markup Polyline(IEnumerable<(double X, double Y)> points, int series) => Polyline(points, $"series s{series % Styles}");

    /// <summary>A line through points in a style of its own.</summary>
    public static Markup Polyline(IEnumerable<(double X, double Y)> points, string style)
    {
        string all = string.Join(' ', points.Select(point => FormattableString.Invariant($"{point.X:0.##},{point.Y:0.##}")));
        return Markup.Of($"<polyline points=\"{all}\" class=\"{style}\"/>\n");
    }

    /// <summary>The room of a line in a legend.</summary>
    public const double LinedSwatch = 34;

    /// <summary>A series in a legend, as a marker.</summary>
    public static LegendEntry Entry(string name, int series) => new(name, 16, (x, y) => Marker(x + 6, y - 4, series));

    /// <summary>A series in a legend, as a line with its marker.</summary>
    public static LegendEntry LinedEntry(string name, int series) =>
        new(name, LinedSwatch, (x, y) => Markup.Join([Polyline([(x, y - 4), (x + 28, y - 4)], series), Marker(x + 14, y - 4, series)]));

    /// <summary>A legend that takes as many lines as it needs.</summary>
    /// <param name="legend">What it explains, in order.</param>
    /// <param name="height">Receives the height that it takes.</param>
    public static Markup Legend(IReadOnlyList<LegendEntry> legend, out double height)
    {
        double x = 0, y = 12;
        var entries = new List<Markup>();
        foreach (LegendEntry entry in legend)
        {
            string name = Shorten(entry.Name, (Width - entry.Swatch) / LetterWidth);
            double width = entry.Swatch + LetterWidth * name.Length + 16;
            if (x > 0 && x + width > Width) (x, y) = (0, y + LegendLine);
            entries.Add(entry.Draw(x, y));
            entries.Add(Text(x + entry.Swatch, y, name));
            x += width;
        }

        height = y + 8;
        return Markup.Join(entries);
    }

    /// <summary>Round numbers that divide a range into some four parts.</summary>
    public static IReadOnlyList<double> Ticks(double low, double high)
    {
        // A step that is nothing beside the values would lead nowhere.
        double rough = Math.Max(high - low, Scale.Least * Math.Max(1, Math.Abs(high))) / 4;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        // Each is a product: a sum of steps would drift from the round numbers.
        var ticks = new List<double>();
        double last = Math.Floor(high / step + 1e-9);
        for (double index = Math.Ceiling(low / step - 1e-9); index <= last; index++)
            ticks.Add(index == 0 ? 0 : index * step); // no −0
        return ticks;
    }

    /// <summary>A number as an axis writes it.</summary>
    public static string Number(double value) =>
        value.ToString(value != 0 && Math.Abs(value) < 1e-3 ? "0.##e0" : "0.####", CultureInfo.InvariantCulture);
}

/// <summary>An entry of a legend.</summary>
/// <param name="Name">What it says.</param>
/// <param name="Swatch">The room of what is drawn before the name.</param>
/// <param name="Draw">Draws that, from x on and by the base line y.</param>
internal sealed record LegendEntry(string Name, double Swatch, Func<double, double, Markup> Draw);
