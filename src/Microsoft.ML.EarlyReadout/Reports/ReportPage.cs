using System.Reflection;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Puts the sections together into one page. Styles and pictures are inside it, and there is no script.</summary>
internal static class ReportPage
{
    private const string StyleSheet = "Microsoft.ML.EarlyReadout.Reports.report.css";

    public static string Write(ReportOptions options, IReadOnlyList<ScoredModel> models) => Markup.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <link rel="icon" href="data:,">
        <title>{options.Title}</title>
        <style>{Style()}</style>
        </head>
        <body>
        {Patterns}
        <header><h1>{options.Title}</h1>
        <p>{models[0].Groups.RowCount} labelled rows in {models[0].Groups.Groups.Count} groups; {(models.Count == 1 ? "one model" : Markup.Of($"{models.Count} models").Value)}.</p>
        <div class="cards headline">{models.Select(Headline)}</div>
        </header>
        <main>
        {GroupSection.Write(models)}
        {MistakeSection.Write(models, options)}
        {ReadoutSection.Write(models)}
        {WeightSection.Write(models, options)}
        {TrainingSection.Write(models)}
        </main>
        <footer><p>Group: {(options.GroupColumnName is null ? $"the label ({options.LabelColumnName})" : $"{options.LabelColumnName} and {options.GroupColumnName}")}. Made by MLSieve {typeof(ReportPage).Assembly.GetName().Version?.ToString(3)}; docs/report.md says how to read it.</p></footer>
        </body>
        </html>

        """).Value;

    // The hatching of what is wrong: referred to by report.css, and drawn once for all charts.
    private static Markup Patterns => new("""
        <svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" class="hatch-ground"/><line x1="0" y1="0" x2="0" y2="5" class="hatch-line"/></pattern></defs></svg>
        """);

    private static Markup Headline(ScoredModel model, int index) => Markup.Of($"""
        <div class="card"><svg class="key" viewBox="0 0 14 14" aria-hidden="true">{Chart.Marker(7, 7, index)}</svg> <b>{model.Name}</b>
        <p class="figure">{100 * model.Groups.WorstGroupAccuracy:F1} %</p>
        <p>worst group, {100 * model.Groups.WorstGroupAccuracyInterval.Low:F1} to {100 * model.Groups.WorstGroupAccuracyInterval.High:F1}<br>{model.Groups.WorstGroup}</p>
        <p>{100 * model.Groups.AverageAccuracy:F1} % on all rows</p></div>

        """);

    private static Markup Style()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(StyleSheet)!;
        using var reader = new StreamReader(stream);
        return new Markup(reader.ReadToEnd());
    }
}
