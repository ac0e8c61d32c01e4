namespace Microsoft.ML.EarlyReadout;

/// <summary>Differences, a row for each, and their mean with its interval below.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="XAxis">What is the difference of what, with the unit.</param>
/// <param name="Rows">Each difference with what it is called.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Interval">The interval of the mean; <see langword="null"/>: none.</param>
internal sealed record DifferenceChart(
    string Title, string XAxis, IReadOnlyList<(string Name, double Difference)> Rows, double Mean, (double Low, double High)? Interval)
{
    private const double Left = 122;
    private const double Right = 52;
    private const double Line = 18;
    private const double Top = 6;

    public Markup Draw(string id)
    {
        List<double> all = [0, Mean, .. Rows.Select(row => row.Difference)];
        if (Interval is { } ends) all.AddRange([ends.Low, ends.High]);
        var tight = Scale.Of(all.Min(), all.Max());
        var scale = new Scale(tight.ValueAt(-0.05), tight.ValueAt(1.05));
        double bottom = Top + ((Rows.Count + 1) * Line) + 8;
        List<Markup> content = [];
        foreach (double tick in scale.Ticks())
        {
            content.Add(Chart.Line(X(tick), Top, X(tick), bottom, tick == 0 ? "base" : "rule"));
            content.Add(Chart.Text(X(tick), bottom + 16, Chart.Number(tick), "middle", "tick"));
        }

        content.Add(Chart.Text(Chart.Width, bottom + 34, XAxis, "end", "axis"));
        double y = Top + (Line / 2);
        foreach ((string name, double difference) in Rows)
        {
            content.Add(Chart.Text(0, y + 4, name));
            content.Add(Chart.Marker(X(difference), y, 0));
            content.Add(Value(y, difference));
            y += Line;
        }

        y += 4;
        content.Add(Chart.Text(0, y + 4, Interval is null ? "mean" : "mean, 95 %", style: "heading"));
        if (Interval is { } interval) content.Add(Chart.Interval(X(interval.Low), X(interval.High), y, series: 1, stroke: 5));
        content.Add(Chart.Marker(X(Mean), y, 1));
        content.Add(Value(y, Mean));
        string said = string.Join(" ", Rows.Select(row => $"{row.Name}: {TextTable.Signed(row.Difference)}."))
            + $" Mean: {TextTable.Signed(Mean)}"
            + (Interval is { } known ? $", interval {TextTable.Signed(known.Low)} to {TextTable.Signed(known.High)}." : ".");
        return Chart.Svg(id, bottom + 40, Title, said, content);

        double X(double value) => Left + (scale.At(value) * (Chart.Width - Left - Right));
    }

    private static Markup Value(double y, double value) => Chart.Text(Chart.Width, y + 4, TextTable.Signed(value), "end", "value");
}
