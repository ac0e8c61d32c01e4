namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The densities of a readout's confidence margins, a panel for each group: rows that it reads rightly above the line, wrongly below it, so
/// that the two need no colour to be told apart.
/// </summary>
/// <param name="Title">What it shows.</param>
/// <param name="Groups">The groups, with the distributions of their right and wrong rows.</param>
internal sealed record MarginChart(string Title, IReadOnlyList<(string Name, MarginDistribution Right, MarginDistribution Wrong)> Groups)
{
    private const double Left = 8;
    private const double Right = 8;
    private const double Half = 34; // height of one side of a panel
    private const double Heading = 20;
    private const double Counts = 14;

    public Markup Draw(string id)
    {
        var content = new List<Markup>
        {
            Chart.Rect(0, 3, 12, 10, "right"), Chart.Text(17, 12, "read rightly, upwards"),
            Chart.Rect(170, 3, 12, 10, "wrong"), Chart.Text(187, 12, "read wrongly, downwards"),
        };
        double y = 22;
        var said = new List<string>();
        foreach ((string name, MarginDistribution right, MarginDistribution wrong) in Groups)
        {
            y += Heading;
            double tallest = right.Histogram.Concat(wrong.Histogram).Max(rows => Share(rows, (name, right, wrong)));
            content.Add(Chart.Heading(0, y - 5, name));
            y += Counts;
            content.Add(Chart.Text(
                0, y - 5, FormattableString.Invariant($"{right.Count} right, {wrong.Count} wrong; tallest bar {100 * tallest:F0} %"),
                style: "tick"));
            double line = y + Half;
            double width = (Chart.Width - Left - Right) / right.Histogram.Count;
            for (int bin = 0; bin < right.Histogram.Count; bin++)
            {
                double up = Share(right.Histogram[bin], (name, right, wrong)) / tallest * Half,
                    down = Share(wrong.Histogram[bin], (name, right, wrong)) / tallest * Half;
                if (up > 0) content.Add(Chart.Rect(Left + bin * width + 0.5, line - up, width - 1, up, "right"));
                if (down > 0) content.Add(Chart.Rect(Left + bin * width + 0.5, line, width - 1, down, "wrong"));
            }
            content.Add(Chart.Line(Left, line, Chart.Width - Right, line, "base"));
            y = line + Half;
            said.Add(FormattableString.Invariant(
                $"{name}: mean margin {Mean(right)} of {right.Count} right rows, {Mean(wrong)} of {wrong.Count} wrong rows."));
        }

        foreach (double tick in new[] { 0, 0.25, 0.5, 0.75, 1 })
            content.Add(Chart.Text(
                Left + tick * (Chart.Width - Left - Right), y + 16, Chart.Number(tick), tick == 0 ? "start" : tick == 1 ? "end" : "middle",
                "tick"));
        content.Add(Chart.Text(Chart.Width - Right, y + 33, "confidence margin", "end", "axis"));
        return Chart.Svg(id, y + 38, Title, string.Join(" ", said), content);
    }

    private static double Share(long rows, (string Name, MarginDistribution Right, MarginDistribution Wrong) group) =>
        (double)rows / Math.Max(1, group.Right.Count + group.Wrong.Count);

    private static string Mean(MarginDistribution distribution) =>
        distribution.Mean is { } mean ? FormattableString.Invariant($"{mean:F2}") : "none";
}
