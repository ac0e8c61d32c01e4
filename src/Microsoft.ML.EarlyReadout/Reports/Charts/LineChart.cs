namespace Microsoft.ML.EarlyReadout;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it is called in the legend.</param>
/// <param name="Points">Its points, ascending by X.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Lines over a common x axis. Series differ in dash and marker as well as in colour.</summary>
internal sealed record LineChart(string Title, string XAxis, string YAxis, IReadOnlyList<Series> Lines)
{
    private const double Left = 46;
    private const double Right = 12;
    private const double PlotHeight = 170;
    private const int MostMarkers = 24;
    private const double LetterWidth = 7.6;

    /// <summary>Names of whole x values; numbers where they are left out.</summary>
    public IReadOnlyList<string>? XNames { get; init; }

    /// <summary>A level to compare with, such as a bound.</summary>
    public (string Name, double Y)? Level { get; init; }

    /// <summary>An x value to point out, such as the epoch that was kept.</summary>
    public (string Name, double X)? Mark { get; init; }

    /// <summary>The least range of y, so that small differences do not look large.</summary>
    public (double Low, double High)? YRange { get; init; }

    public Markup Draw(string id)
    {
        Markup legend = Chart.Legend([.. Lines.Select(line => line.Name)], lined: true, out double top);
        top += 24;
        double bottom = top + PlotHeight;
        (double X, double Y)[] all = [.. Lines.SelectMany(line => line.Points)];
        double[] ys = [.. all.Select(point => point.Y), .. Level is { } level ? [level.Y] : Array.Empty<double>(), .. YRange is { } range ? [range.Low, range.High] : Array.Empty<double>()];
        (double low, double high) = (ys.Min(), ys.Max());
        if (high - low < 1e-9) (low, high) = (low - 0.5, high + 0.5);
        if (YRange is null) (low, high) = (low >= 0 && low < 0.4 * high ? 0 : low - 0.05 * (high - low), high + 0.06 * (high - low));
        (double first, double last) = XNames is { } names ? (-0.3, names.Count - 0.7) : (all.Min(point => point.X), all.Max(point => point.X));
        if (last - first < 1e-9) (first, last) = (first - 0.5, last + 0.5);

        var content = new List<Markup> { legend, Chart.Text(0, top - 8, YAxis, style: "axis") };
        foreach (double tick in Chart.Ticks(low, high))
        {
            content.Add(Chart.Line(Left, Y(tick), Chart.Width - Right, Y(tick), "rule"));
            content.Add(Chart.Text(Left - 6, Y(tick) + 4, Chart.Number(tick), "end", "tick"));
        }

        foreach ((double x, string text) in XTicks(first, last)) content.Add(Chart.Text(X(x), bottom + 17, text, "middle", "tick"));
        content.Add(Chart.Text(Chart.Width - Right, bottom + 34, XAxis, "end", "axis"));
        if (Mark is { } mark)
        {
            content.Add(Chart.Line(X(mark.X), top, X(mark.X), bottom, "mark"));
            content.Add(Chart.Text(Math.Max(X(mark.X), Chart.Width / 2.0), top - 8, FormattableString.Invariant($"{mark.Name}: {mark.X}"), "end", "note"));
        }

        if (Level is { } bound)
        {
            content.Add(Chart.Line(Left, Y(bound.Y), Chart.Width - Right, Y(bound.Y), "level"));
            content.Add(Chart.Text(Chart.Width - Right, Y(bound.Y) - 5, bound.Name, "end", "note"));
        }

        foreach ((int i, Series line) in Lines.Index())
        {
            content.Add(Chart.Polyline(line.Points.Select(point => (X(point.X), Y(point.Y))), i));
            if (line.Points.Count <= MostMarkers) content.AddRange(line.Points.Select(point => Chart.Marker(X(point.X), Y(point.Y), i)));
        }

        string description = string.Join(" ", Lines.Select(line => FormattableString.Invariant(
            $"{line.Name}: from {line.Points[0].Y:0.###} to {line.Points[line.Points.Count - 1].Y:0.###}, least {line.Points.Min(point => point.Y):0.###}, greatest {line.Points.Max(point => point.Y):0.###}.")));
        if (Level is { } said) description += FormattableString.Invariant($" {said.Name}: {said.Y:0.###}.");
        return Chart.Svg(id, bottom + 40, Title, description, content);

        double X(double value) => Left + (value - first) / (last - first) * (Chart.Width - Left - Right);
        double Y(double value) => bottom - (value - low) / (high - low) * PlotHeight;
    }

    private IEnumerable<(double X, string Text)> XTicks(double first, double last)
    {
        if (XNames is null) return Chart.Ticks(first, last).Where(tick => tick == Math.Round(tick)).Select(tick => (tick, Chart.Number(tick)));
        double room = (Chart.Width - Left - Right) / XNames.Count;
        return XNames.Select((name, i) => ((double)i, Chart.Shorten(name, room / LetterWidth)));
    }
}
