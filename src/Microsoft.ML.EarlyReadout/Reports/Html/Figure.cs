namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A figure of the page: a chart, its caption with units, and its numbers as a table for those who cannot see it or want them.
/// </summary>
internal static class Figure
{
    /// <param name="id">Unique on the page.</param>
    /// <param name="chart">The chart.</param>
    /// <param name="caption">What it shows, and in which units.</param>
    /// <param name="numbers">The same as a table.</param>
    public static Markup Of(string id, Markup chart, Markup caption, Markup numbers) => Markup.Of($"""
        <figure aria-labelledby="{id}-caption">
        {chart}
        <figcaption id="{id}-caption">{caption}</figcaption>
        <details><summary>Numbers</summary>{numbers}</details>
        </figure>

        """);
}
