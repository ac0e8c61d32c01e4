using System.Reflection;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A whole page. Styles and pictures are inside it, and there is no script.</summary>
internal static class Page
{
    private const string StyleSheet = "Microsoft.ML.EarlyReadout.Reports.report.css";

    /// <param name="title">The title, which is the heading too.</param>
    /// <param name="summary">What stands below the heading.</param>
    /// <param name="sections">The sections.</param>
    /// <param name="remark">What the last line says first.</param>
    public static string Of(string title, Markup summary, Markup sections, string remark) => Markup.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <link rel="icon" href="data:,">
        <title>{title}</title>
        <style>{Style()}</style>
        </head>
        <body>
        {Patterns}
        <header><h1>{title}</h1>
        {summary}
        </header>
        <main>
        {sections}
        </main>
        <footer><p>{remark}
        Made by MLSieve {PackageVersion.Of(typeof(Page).Assembly)}; docs/report.md says how to read it.</p></footer>
        </body>
        </html>

        """).Value;

    // The hatching of what is wrong: referred to by report.css, and drawn once for all charts.
    private static Markup Patterns => new("""
        <svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="5" height="5" class="hatch-ground"/><line x1="0" y1="0" x2="0" y2="5" class="hatch-line"/></pattern></defs></svg>
        """);

    private static Markup Style()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(StyleSheet)!;
        using var reader = new StreamReader(stream);
        return new Markup(reader.ReadToEnd());
    }
}
