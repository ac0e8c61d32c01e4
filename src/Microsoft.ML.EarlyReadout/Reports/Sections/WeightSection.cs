namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The rows that the first readout of the first model with readouts gets most confidently wrong: those that debiased training counts most.
/// </summary>
internal static class WeightSection
{
    /// <summary>The rows that <see cref="Write"/> shows.</summary>
    public static IEnumerable<(ScoredModel Model, int Row)> Shown(IReadOnlyList<ScoredModel> models, ReportOptions options) =>
        WithReadouts(models) is { } model ? WrongIn(model).Take(options.Pictures).Select(row => (model, row.Index)) : [];

    public static Markup Write(IReadOnlyList<ScoredModel> models, ReportOptions options)
    {
        if (options.Pictures == 0 || WithReadouts(models) is not { } model) return Markup.Empty;
        string readout = model.Readouts!.Readouts[0].Name;
        ScoredRow[] wrong = WrongIn(model);
        var weighting = new ReadoutWeighting(options.Alpha, options.Beta, null);
        double heaviest = wrong.Sum(row => weighting.OfWrong(row.Readouts[0].Margin));
        IEnumerable<Markup> byGroup = wrong.GroupBy(row => row.Group).OrderByDescending(group => group.Count())
            .Select(group =>
                Markup.Of($"<li>{group.Key.Name}: {group.Count()} rows, "
                    + $"{100 * group.Sum(row => weighting.OfWrong(row.Readouts[0].Margin)) / heaviest:F0} % of their weight</li>"));
        return Markup.Of($"""
            <section aria-labelledby="weights"><h2 id="weights">The rows that count most</h2>
            <p>{model.Name}, {readout}: {wrong.Length} of {model.Rows.Count} rows are read wrongly.
            Debiased training weighs such a row by exp(β·cm<sup>α</sup>), here with α = {options.Alpha:0.###} and
            β = {options.Beta:0.###}, and every other row by 1; cm is the readout's confidence margin.</p>
            <ul>{byGroup}</ul>
            <div class="cards">
            {wrong.Take(options.Pictures).Select(row => Card(row, model, weighting))}
            </div></section>

            """);
    }

    private static ScoredModel? WithReadouts(IReadOnlyList<ScoredModel> models) =>
        models.FirstOrDefault(model => model.Readouts is not null);

    private static ScoredRow[] WrongIn(ScoredModel model) =>
        [.. model.Rows.Where(row => row.Readouts[0].Predicted != row.Label && float.IsFinite(row.Readouts[0].Margin))
            .OrderByDescending(row => row.Readouts[0].Margin)
            .ThenBy(row => row.Index)];

    private static Markup Card(ScoredRow row, ScoredModel model, ReadoutWeighting weighting) => RowCard.Of(
        row, model.Seen[row.Index], Markup.Of($"""
            read as {row.Readouts[0].Predicted}, margin {row.Readouts[0].Margin:F2}<br>
            weight {weighting.OfWrong(row.Readouts[0].Margin):F1}<br>

            """));
}
