using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// Charts as one SVG file that a page shows as an image: no script, text as text, and colours of its own for a light and a dark screen.
/// </summary>
internal static partial class Picture
{
    private const int Columns = 2;
    private const double Gap = 32;
    private const double Margin = 12;

    // The charts' classes, as in the HTML report, whose colours these are; a file that is shown as an image has no page to take them from.
    private const string Style = """
        :root { color-scheme: light dark; --ground: #fff; --ink: #16191d; --soft: #55606b; --faint: #e3e6e9;
          --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #aa4a8c; }
        @media (prefers-color-scheme: dark) { :root { --ground: #14171a; --ink: #e9ecee; --soft: #a5aeb6; --faint: #2d3339;
          --c0: #56b4e9; --c1: #f0803c; --c2: #2fbf94; --c3: #e08fc0; } }
        text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--ink); }
        .tick, .axis { fill: var(--soft); font-size: 11px; } .heading { font-weight: 600; }
        .note { font-size: 11px; font-style: italic; paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
        .ground { fill: var(--ground); } .rule { stroke: var(--faint); } .base { stroke: var(--ink); }
        .level { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 7 3; }
        .series, .trial { fill: none; stroke-linejoin: round; } .series { stroke-width: 2.2; } .trial { stroke-width: 1; opacity: .4; }
        .s0, .of0 { stroke: var(--c0); } .s1, .of1 { stroke: var(--c1); } .s2, .of2 { stroke: var(--c2); } .s3 { stroke: var(--c3); }
        .s1 { stroke-dasharray: 7 3; } .s2 { stroke-dasharray: 2 3; } .s3 { stroke-dasharray: 8 3 2 3; }
        .interval { stroke-width: 2; stroke-dasharray: none; } .marker { stroke: var(--ground); stroke-width: .8; stroke-dasharray: none; }
        .marker.s0 { fill: var(--c0); } .marker.s1 { fill: var(--c1); } .marker.s2 { fill: var(--c2); } .marker.s3 { fill: var(--c3); }
        """;

    /// <summary>The file's text.</summary>
    /// <param name="charts">The charts, two beside each other.</param>
    public static string Of(IEnumerable<Markup> charts)
    {
        double y = Margin;
        int columns = 0;
        List<Markup> placed = [];
        foreach (Markup[] row in charts.Chunk(Columns))
        {
            columns = Math.Max(columns, row.Length);
            placed.AddRange(row.Select((chart, column) => At(chart, Margin + (column * (Chart.Width + Gap)), y)));
            y += row.Max(HeightOf) + Gap;
        }

        double width = (2 * Margin) + (columns * (Chart.Width + Gap)) - Gap, height = y - Gap + Margin;
        return Markup.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:0.#} {height:0.#}" width="{width:0.#}" height="{height:0.#}">
            <style>
            {new Markup(Style)}
            </style>
            <rect class="ground" width="100%" height="100%"/>
            {placed}</svg>

            """).Value.ReplaceLineEndings("\n");
    }

    private static Markup At(Markup chart, double x, double y) => new(chart.Value.Replace("<svg ", Markup.Of(
        $"<svg x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{Chart.Width}\" height=\"{HeightOf(chart):0.#}\" ").Value, StringComparison.Ordinal)
        + "\n");

    // A chart is as high as its legend needs; what came out stands in its own frame.
    private static double HeightOf(Markup chart) => double.Parse(Frame().Match(chart.Value).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^<svg viewBox=""0 0 \d+ ([\d.]+)""")]
    private static partial Regex Frame();
}
