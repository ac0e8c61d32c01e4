namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The rows that the first readout of the first model with readouts gets most confidently wrong: those that debiased training counts most.
/// </summary>
internal static class WeightSection
{
    public static Markup Write(IReadOnlyList<ScoredModel> models, ReportOptions options)
    {
        if (options.Pictures == 0 || models.FirstOrDefault(model => model.Readouts is not null) is not { } model) return Markup.Empty;
        string readout = model.Readouts!.Readouts[0].Name;
        ScoredRow[] wrong = [.. model.Rows.Where(row => row.Readouts[0].Predicted != row.Label)
            .OrderByDescending(row => row.Readouts[0].Margin)
            .ThenBy(row => row.Index)];
        ScoredRow[] shown = [.. wrong.Take(options.Pictures)];
        SeenRows seen = SeenRows.Read(model, shown.Select(row => row.Index));
        var weighting = new ReadoutWeighting(options.Alpha, options.Beta, null);
        double heaviest = wrong.Sum(row => weighting.OfWrong(row.Readouts[0].Margin));
        IEnumerable<Markup> byGroup = wrong.GroupBy(row => row.Group).OrderByDescending(group => group.Count())
            .Select(group =>
                Markup.Of($"<li>{group.Key}: {group.Count()} rows, "
                    + $"{100 * group.Sum(row => weighting.OfWrong(row.Readouts[0].Margin)) / heaviest:F0} % of their weight</li>"));
        return Markup.Of($"""
            <section aria-labelledby="weights"><h2 id="weights">The rows that count most</h2>
            <p>{model.Name}, {readout}: {wrong.Length} of {model.Rows.Count} rows are read wrongly.
            Debiased training weighs such a row by exp(β·cm<sup>α</sup>), here with α = {options.Alpha:0.###} and
            β = {options.Beta:0.###}, and every other row by 1; cm is the readout's confidence margin.</p>
            <ul>{byGroup}</ul>
            <div class="cards">
            {shown.Select(row => Card(row, seen[row.Index], weighting.OfWrong(row.Readouts[0].Margin)))}
            </div></section>

            """);
    }

    private static Markup Card(ScoredRow row, SeenRow? seen, double weight)
    {
        Markup image = seen?.Picture is not { } picture
            ? Markup.Empty
            : Markup.Of($"<img src=\"{picture.ToDataUri()}\" alt=\"Row {row.Index}, a {row.Label}.\">");
        return Markup.Of($"""
            <figure class="card">{image}{MistakeSection.TextOf(seen?.Texts ?? [])}
            <figcaption><b>{row.Group}</b><br>
            read as {row.Readouts[0].Predicted}, margin {row.Readouts[0].Margin:F2}<br>weight {weight:F1}<br>
            network: {row.Predicted}{(row.IsRight ? ", right" : ", wrong")}<br>
            <span class="row">row {row.Index}</span></figcaption></figure>

            """);
    }
}
