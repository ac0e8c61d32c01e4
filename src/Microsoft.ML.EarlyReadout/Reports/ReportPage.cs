namespace Microsoft.ML.EarlyReadout;

/// <summary>Puts the sections of a report on models together into one page.</summary>
internal static class ReportPage
{
    public static string Write(ReportOptions options, IReadOnlyList<ScoredModel> models)
    {
        // Before any section is written, so that each model's view is read once for all of them.
        ILookup<string, int> shown =
            new[] { MistakeSection.Shown(models, options), ShortcutSection.Shown(models, options), WeightSection.Shown(models, options) }
                .SelectMany(rows => rows).ToLookup(each => each.Model.Name, each => each.Row);
        return Of(options, [.. models.Select(model => model with { Seen = SeenRows.Read(model, shown[model.Name]) })]);
    }

    private static string Of(ReportOptions options, IReadOnlyList<ScoredModel> models) => Page.Of(
        options.Title,
        Markup.Of($"""
            <p>{models[0].Groups.RowCount} labelled rows in {models[0].Groups.Groups.Count} groups;
            {(models.Count == 1 ? "one model" : Markup.Of($"{models.Count} models").Value)}.</p>
            <div class="cards headline">{models.Select(Headline)}</div>
            """),
        Markup.Of($"""
            {GroupSection.Write(models)}
            {MistakeSection.Write(models, options)}
            {ShortcutSection.Write(models, options)}
            {ReadoutSection.Write(models)}
            {StageSection.Write(models)}
            {WeightSection.Write(models, options)}
            {TrainingSection.Write(models)}
            """),
        options.GroupColumnName is null
            ? $"Group: the label ({options.LabelColumnName})."
            : $"Group: {options.LabelColumnName} and {options.GroupColumnName}.");

    private static Markup Headline(ScoredModel model, int index) => Markup.Of($"""
        <div class="card"><svg class="key" viewBox="0 0 14 14" aria-hidden="true">{Chart.Marker(7, 7, index)}</svg> <b>{model.Name}</b>
        <p class="figure">{100 * model.Groups.WorstGroupAccuracy:F1} %</p>
        <p>worst group,
        {100 * model.Groups.WorstGroupAccuracyInterval.Low:F1} to {100 * model.Groups.WorstGroupAccuracyInterval.High:F1}<br>
        {model.Groups.WorstGroup}</p>
        <p>{100 * model.Groups.AverageAccuracy:F1} % on all rows</p></div>

        """);
}
