namespace Microsoft.ML.EarlyReadout;

/// <summary>A row on a card: its picture or its texts, its group, and what was said of it.</summary>
internal static class RowCard
{
    /// <param name="row">The row.</param>
    /// <param name="seen">What there is to show of it, if anything.</param>
    /// <param name="said">What a section says of it, above the network's answer: whole lines.</param>
    public static Markup Of(ScoredRow row, SeenRow? seen, Markup said)
    {
        Markup image = seen?.Picture is not { } picture
            ? Markup.Empty
            : Markup.Of($"<img src=\"{picture.ToDataUri()}\" alt=\"Row {row.Index}, a {row.Label}.\">");
        return Markup.Of($"""
            <figure class="card">{image}{TextOf(seen?.Texts ?? [])}
            <figcaption><b>{row.Group.Name}</b><br>
            {said}network: {row.Predicted}{(row.IsRight ? ", right" : ", wrong")}<br>
            <span class="row">row {row.Index}</span></figcaption></figure>

            """);
    }

    /// <summary>The texts of a row, in quotation.</summary>
    public static IEnumerable<Markup> TextOf(IReadOnlyList<string> texts) =>
        texts.Select(text => Markup.Of($"<blockquote dir=\"auto\">{text}</blockquote>"));
}
