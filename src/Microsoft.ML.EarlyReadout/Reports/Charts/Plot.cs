namespace Microsoft.ML.EarlyReadout;

/// <summary>The frame of a chart with two axes.</summary>
/// <param name="Top">Where the plot begins, in user units.</param>
/// <param name="X">The x axis.</param>
/// <param name="Y">The y axis.</param>
internal sealed record Plot(double Top, Scale X, Scale Y)
{
    private const double Left = 46;
    private const double Right = 12;
    private const double Height = 170;

    /// <summary>The room above <see cref="Top"/> that the name of the y axis takes.</summary>
    public const double Above = 24;

    /// <summary>How wide the plot is.</summary>
    public const double Width = Chart.Width - Left - Right;

    /// <summary>Where it ends.</summary>
    public double Bottom => Top + Height;

    /// <summary>Where the chart ends, the names of the x axis included.</summary>
    public double End => Bottom + 40;

    public double AtX(double value) => Left + (X.At(value) * Width);

    public double AtY(double value) => Bottom - (Y.At(value) * Height);

    /// <summary>The axes: ticks, rules and names with units.</summary>
    public IEnumerable<Markup> Axes(string xAxis, string yAxis, IEnumerable<(double X, string Text)> xTicks)
    {
        yield return Chart.Text(0, Top - 8, yAxis, style: "axis");
        foreach (double tick in Y.Ticks())
        {
            yield return Chart.Line(Left, AtY(tick), Left + Width, AtY(tick), "rule");
            yield return Chart.Text(Left - 6, AtY(tick) + 4, Chart.Number(tick), "end", "tick");
        }

        foreach ((double x, string text) in xTicks) yield return Chart.Text(AtX(x), Bottom + 17, text, "middle", "tick");
        yield return Chart.Text(Left + Width, Bottom + 34, xAxis, "end", "axis");
    }

    /// <summary>A level to compare with, named on the side where less of the plot is.</summary>
    public IEnumerable<Markup> Level(string name, double y)
    {
        yield return Chart.Line(Left, AtY(y), Left + Width, AtY(y), "level");
        yield return Chart.Text(Left + Width, AtY(y) + (Y.At(y) < 0.5 ? 12 : -5), name, "end", "note");
    }

    /// <summary>A vertical line at a value.</summary>
    public Markup Mark(double x) => Chart.Line(AtX(x), Top, AtX(x), Bottom, "mark");
}
