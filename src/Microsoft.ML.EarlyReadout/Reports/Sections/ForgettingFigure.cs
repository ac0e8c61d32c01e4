namespace Microsoft.ML.EarlyReadout;

/// <summary>The forgetting loss before and after the steps that forget, against its bound, log C.</summary>
/// <param name="Name">Of what it is.</param>
/// <param name="XAxis">The x axis: epochs or steps.</param>
/// <param name="Classes">C, the number of classes.</param>
/// <param name="Before">The loss before the steps.</param>
/// <param name="After">The loss after them; without points where they are one update with the rest, which nothing follows.</param>
internal sealed record ForgettingFigure(string Name, string XAxis, int Classes, Series Before, Series After)
{
    /// <summary>An x value to point out.</summary>
    public (string Name, double X)? Mark { get; init; }

    /// <summary>The least range of the loss, so that figures beside each other can be compared.</summary>
    public (double Low, double High)? Range { get; init; }

    public Markup Draw(string id)
    {
        double bound = Math.Log(Classes);
        Series[] lines = After.Points.Count > 0 ? [Before, After] : [Before];
        var chart = new LineChart($"{Name}: forgetting loss", XAxis, "forgetting loss (nats)", lines)
        {
            Level = ("bound, log C", bound),
            Mark = Mark,
            YRange = Range,
        };
        Markup caption = Markup.Of($"""
            <b>{Name}</b>: forgetting loss in nats, {(After.Points.Count > 0 ? "before and after" : "before")} each step that forgets.
            Its lowest possible value is log C = {bound:F3},
            where the readout cannot tell the classes apart. It must fall towards it; where it stays high, nothing is forgotten.
            """);
        string x = char.ToUpperInvariant(XAxis[0]) + XAxis[1..];
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of($"Forgetting loss of {Name} in nats", x, lines));
    }
}
