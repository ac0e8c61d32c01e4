namespace Microsoft.ML.EarlyReadout;

/// <summary>Points of one kind.</summary>
/// <param name="Name">What they are called in the legend.</param>
/// <param name="Style">The series whose marker they have.</param>
/// <param name="Points">Where they are; a y of <see langword="null"/> is drawn at the chart's lower edge.</param>
internal sealed record Cloud(string Name, int Style, IReadOnlyList<(double X, double? Y)> Points)
{
    /// <summary>Whether it is drawn faintly.</summary>
    public bool IsQuiet { get; init; }
}

/// <summary>Points over an x axis of numbers or names. Kinds differ in marker as well as in colour; the last are drawn on top.</summary>
internal sealed record ScatterChart(string Title, string XAxis, string YAxis, Scale X, IReadOnlyList<Cloud> Clouds)
{
    private const double LetterWidth = 7;

    /// <summary>Names of the x values 0, 1, 2 and so on; numbers where they are left out.</summary>
    public IReadOnlyList<string>? XNames { get; init; }

    /// <summary>A level to compare with.</summary>
    public (string Name, double Y)? Level { get; init; }

    public Markup Draw(string id)
    {
        Cloud[] shown = [.. Clouds.Where(cloud => cloud.Points.Count > 0)];
        Markup legend = Chart.Legend([.. shown.Reverse().Select(cloud => Chart.Entry(cloud.Name, cloud.Style))], out double top);
        var plot = new Plot(top + Plot.Above, X, YScale());
        List<Markup> content = [legend, .. plot.Axes(XAxis, YAxis, XTicks())];
        foreach (Cloud cloud in shown)
        {
            IEnumerable<Markup> markers = cloud.Points.Select(point =>
                Chart.Marker(plot.AtX(point.X), point.Y is { } y ? plot.AtY(y) : plot.Bottom, cloud.Style));
            content.Add(Markup.Of($"<g class=\"{(cloud.IsQuiet ? "quiet" : "")}\">{markers}</g>\n"));
        }

        if (Level is { } level) content.AddRange(plot.Level(level.Name, level.Y));
        return Chart.Svg(id, plot.End, Title, string.Join(" ", shown.Reverse().Select(Described)), content);
    }

    private Scale YScale()
    {
        List<double> ys = [.. Clouds.SelectMany(cloud => cloud.Points).Select(point => point.Y).OfType<double>()];
        if (Level is { } level) ys.Add(level.Y);
        if (ys.Count == 0) return new Scale(0, 100);
        var tight = Scale.Of(ys.Min(), ys.Max());
        return new Scale(tight.ValueAt(-0.08), tight.ValueAt(1.08));
    }

    private IEnumerable<(double X, string Text)> XTicks() => XNames is { } names
        ? names.Select((name, i) => ((double)i, Chart.Shorten(name, Plot.Width / names.Count / LetterWidth)))
        : X.Ticks().Select(tick => (tick, Chart.Number(tick)));

    private static string Described(Cloud cloud)
    {
        double[] ys = [.. cloud.Points.Select(point => point.Y).OfType<double>()];
        return FormattableString.Invariant($"{cloud.Name}: {cloud.Points.Count}")
            + (ys.Length == 0 ? "." : FormattableString.Invariant($", from {ys.Min():0.##} to {ys.Max():0.##}."));
    }
}
