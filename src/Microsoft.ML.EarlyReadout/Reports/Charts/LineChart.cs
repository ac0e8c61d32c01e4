namespace Microsoft.ML.EarlyReadout;

/// <summary>Lines over a common x axis. Series differ in dash and marker as well as in colour.</summary>
internal sealed record LineChart(string Title, string XAxis, string YAxis, IReadOnlyList<Series> Lines)
{
    private const int MostMarkers = 24;
    private const double LetterWidth = 7.6;
    private const double TickWidth = 46;

    /// <summary>Names of whole x values; numbers where they are left out.</summary>
    public IReadOnlyList<string>? XNames { get; init; }

    /// <summary>A level to compare with, such as a bound.</summary>
    public (string Name, double Y)? Level { get; init; }

    /// <summary>An x value to point out, such as the epoch that was kept.</summary>
    public (string Name, double X)? Mark { get; init; }

    /// <summary>x values that part the chart, such as comparisons; the x axis names them, and is logarithmic for several.</summary>
    public (string Name, IReadOnlyList<double> X)? Divisions { get; init; }

    /// <summary>Lines behind the others.</summary>
    public IReadOnlyList<Bundle> Bundles { get; init; } = [];

    /// <summary>The least range of y, so that small differences do not look large.</summary>
    public (double Low, double High)? YRange { get; init; }

    public Markup Draw(string id)
    {
        Markup legend = Chart.Legend(
            [.. Lines.Select((line, i) => Chart.LinedEntry(line.Name, line.Style ?? i)), .. OtherEntries()], out double top);
        var plot = new Plot(top + Plot.Above, XScale(), YScale());
        List<Markup> content = [legend, .. plot.Axes(XAxis, YAxis, XTicks(plot.X))];
        if (Mark is { } mark)
        {
            content.Add(plot.Mark(mark.X));
            string note = FormattableString.Invariant($"{mark.Name}: {mark.X:0.##}");
            content.Add(Chart.Text(Math.Max(plot.AtX(mark.X), Chart.Width / 2.0), plot.Top - 8, note, "end", "note"));
        }

        content.AddRange((Divisions?.X ?? []).Select(plot.Mark));
        foreach (Bundle bundle in Bundles)
            content.AddRange(bundle.Lines.Select(line => Chart.Polyline(line.Select(At), bundle.Style)));
        foreach ((int i, Series line) in Lines.Index())
        {
            int style = line.Style ?? i;
            (double X, double Y)[] points = [.. line.Points.Select(At)];
            content.Add(Chart.Polyline(points, style));
            if (points.Length <= MostMarkers) content.AddRange(points.Select(point => Chart.Marker(point.X, point.Y, style)));
        }

        if (Level is { } bound) content.AddRange(plot.Level(bound.Name, bound.Y));
        return Chart.Svg(id, plot.End, Title, Description(), content);

        (double X, double Y) At((double X, double Y) point) => (plot.AtX(point.X), plot.AtY(point.Y));
    }

    private IEnumerable<(double X, double Y)> Points =>
        Lines.SelectMany(line => line.Points).Concat(Bundles.SelectMany(bundle => bundle.Lines).SelectMany(line => line));

    private Scale XScale()
    {
        if (XNames is { } names) return new Scale(-0.3, names.Count - 0.7);
        double[] xs = [.. Points.Select(point => point.X)];
        return Scale.Of(xs.Min(), xs.Max(), Divisions is { X.Count: > 1 } && xs.Min() > 0);
    }

    private Scale YScale()
    {
        List<double> ys = [.. Points.Select(point => point.Y)];
        if (Level is { } level) ys.Add(level.Y);
        if (YRange is { } range) ys.AddRange([range.Low, range.High]);
        (double low, double high) = (ys.Min(), ys.Max());
        if (high - low < 1e-9) (low, high) = (low - Scale.Half(low), high + Scale.Half(high));
        if (YRange is null) (low, high) = (low >= 0 && low < 0.4 * high ? 0 : low - 0.05 * (high - low), high + 0.06 * (high - low));
        return new Scale(low, high);
    }

    private IEnumerable<(double X, string Text)> XTicks(Scale x)
    {
        if (XNames is { } names) return names.Select((name, i) => ((double)i, Chart.Shorten(name, Plot.Width / names.Count / LetterWidth)));
        IEnumerable<double> ticks = Divisions is { } divisions ? WithoutOverlap([.. divisions.X.Reverse(), x.Low], x) : WholeTicks(x);
        return ticks.Select(tick => (tick, Chart.Number(tick)));
    }

    /// <summary>The whole numbers among the ticks: steps and epochs are counted. All of them where none above 0 is whole, as in a training
    /// that is shorter than an epoch.</summary>
    private static double[] WholeTicks(Scale x)
    {
        double[] ticks = [.. x.Ticks().Where(tick => tick >= 0)]; // the axis of a lone value may begin below 0
        double[] whole = [.. ticks.Where(tick => Math.Abs(tick - Math.Round(tick)) <= 1e-12 * tick)];
        return whole.Any(tick => tick > 0) ? whole : ticks;
    }

    /// <summary>Those that leave room for one another; earlier ones go first.</summary>
    private static IEnumerable<double> WithoutOverlap(double[] ticks, Scale x)
    {
        List<double> kept = [];
        foreach (double tick in ticks)
            if (kept.TrueForAll(other => Math.Abs(x.At(other) - x.At(tick)) * Plot.Width >= TickWidth)) kept.Add(tick);
        return kept;
    }

    private IEnumerable<LegendEntry> OtherEntries()
    {
        foreach (Bundle bundle in Bundles)
        {
            yield return new LegendEntry(
                bundle.Name, Chart.LinedSwatch, (x, y) => Chart.Polyline([(x, y - 4), (x + 28, y - 4)], bundle.Style));
        }

        if (Divisions is { } divisions)
            yield return new LegendEntry(divisions.Name, Chart.LinedSwatch, (x, y) => Chart.Line(x + 14, y - 11, x + 14, y + 3, "mark"));
    }

    private string Description()
    {
        IEnumerable<string> lines = Lines.Select(line => FormattableString.Invariant(
            $"{line.Name}: from {line.Points[0].Y:0.###} to {line.Points[^1].Y:0.###}, ") + FormattableString.Invariant(
            $"least {line.Points.Min(point => point.Y):0.###}, greatest {line.Points.Max(point => point.Y):0.###}."));
        IEnumerable<string> bundles =
            from bundle in Bundles
            let ends = bundle.Lines.Select(line => line[^1].Y).ToArray()
            select FormattableString.Invariant($"{bundle.Name}: {ends.Length}, that end from {ends.Min():0.###} to {ends.Max():0.###}.");
        string level = Level is { } known ? FormattableString.Invariant($" {known.Name}: {known.Y:0.###}.") : "";
        return string.Join(" ", lines.Concat(bundles)) + level;
    }
}
