namespace Microsoft.ML.EarlyReadout;

/// <summary>The chart that some meters of a training share, with its bound.</summary>
/// <param name="Name">Of what training it is.</param>
/// <param name="XAxis">The x axis: epochs or steps.</param>
/// <param name="Chart">The chart, as the training step declares it.</param>
/// <param name="Unit">The unit of the meters.</param>
/// <param name="Lines">A line for each meter that has points.</param>
internal sealed record MeterFigure(string Name, string XAxis, MeterChart Chart, MeterUnit Unit, IReadOnlyList<Series> Lines)
{
    /// <summary>An x value to point out.</summary>
    public (string Name, double X)? Mark { get; init; }

    /// <summary>The least range of the values, so that figures beside each other can be compared.</summary>
    public (double Low, double High)? Range { get; init; }

    /// <summary>The bound, as it is drawn.</summary>
    public static double? BoundOf(MeterChart chart, MeterUnit unit) => unit.Factor() * chart.Bound?.Value;

    public Markup Draw(string id)
    {
        double? bound = BoundOf(Chart, Unit);
        var chart = new LineChart($"{Name}: {Chart.Title}", XAxis, Chart.Title + Unit.AtAxis(), Lines)
        {
            Level = bound is { } level ? ($"bound, {Chart.Bound!.Name}", level) : null,
            Mark = Mark,
            YRange = Range,
        };
        string limit = bound is { } value
            ? FormattableString.Invariant($" The dashed line is its bound, {Chart.Bound!.Name} = {value:F3}.")
            : "";
        Markup caption = Markup.Of($"<b>{Name}</b>: {Chart.Title}{Unit.InWords()}.{limit} {Chart.Note}");
        string title = $"{Capitalised.Of(Chart.Title)} of {Name}{Unit.InWords()}";
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of(title, Capitalised.Of(XAxis), Lines));
    }
}
