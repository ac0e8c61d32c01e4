namespace Microsoft.ML.EarlyReadout;

/// <summary>A share with its interval.</summary>
internal readonly record struct Estimate(double Value, ConfidenceInterval Interval);

/// <summary>Shares from 0 to 100 %, one line each, gathered under headings; models differ in marker as well as in colour.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Models">The models.</param>
/// <param name="Groups">Each heading with one estimate a model; <see langword="null"/> where a model has none.</param>
internal sealed record IntervalChart(string Title, IReadOnlyList<string> Models, IReadOnlyList<(string Name, Estimate?[] Estimates)> Groups)
{
    private const double Left = 8;
    private const double Right = 52;
    private const double Line = 17;
    private const double Heading = 21;
    private const double Gap = 5;

    public Markup Draw(string id)
    {
        Markup legend = Chart.Legend([.. Models.Select(Chart.Entry)], out double top);
        var content = new List<Markup>();
        double y = top + 4;
        var said = new List<string>();
        foreach ((string name, Estimate?[] estimates) in Groups)
        {
            y += Heading;
            content.Add(Chart.Heading(0, y - 6, name));
            foreach ((int model, Estimate? maybe) in estimates.Index())
            {
                if (maybe is not { } estimate) continue;
                double middle = y + Line / 2 - 2;
                content.Add(Chart.Line(X(0), middle, X(1), middle, "rule"));
                content.Add(Chart.Interval(X(estimate.Interval.Low), X(estimate.Interval.High), middle, model));
                content.Add(Chart.Marker(X(estimate.Value), middle, model));
                content.Add(Chart.Text(Chart.Width, middle + 4, FormattableString.Invariant($"{100 * estimate.Value:F1}"), "end", "value"));
                y += Line;
            }

            IEnumerable<string> known = estimates.Select((estimate, model) =>
                estimate is { } value ? FormattableString.Invariant($"{Models[model]} {100 * value.Value:F1} %") : null).OfType<string>();
            said.Add($"{name}: {string.Join(", ", known)}.");
            y += Gap;
        }

        foreach (int percent in new[] { 0, 25, 50, 75, 100 })
        {
            content.Insert(0, Chart.Line(X(percent / 100.0), top + 8, X(percent / 100.0), y, "rule"));
            content.Add(Chart.Text(X(percent / 100.0), y + 16, FormattableString.Invariant($"{percent}"), "middle", "tick"));
        }

        content.Add(Chart.Text(Chart.Width, y + 16, "%", "end", "tick"));
        return Chart.Svg(id, y + 22, Title, string.Join(" ", said), content.Prepend(legend));
    }

    private static double X(double share) => Left + share * (Chart.Width - Left - Right);
}
