using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A model of the report with everything about it but its pictures.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Groups">Its accuracy by group.</param>
/// <param name="Rows">What it said of each row, in the view's order.</param>
/// <param name="Readouts">Its readouts' profile; <see langword="null"/> where it has none.</param>
/// <param name="Classifier">The classifier within the pipeline; <see langword="null"/> for a model of another library.</param>
/// <param name="Scored">The scored view, for a second look at a few rows.</param>
internal sealed record ScoredModel(
    string Name, GroupMetrics Groups, IReadOnlyList<ScoredRow> Rows, ReadoutProfile? Readouts, EarlyReadoutTransformer? Classifier,
    IDataView Scored)
{
    /// <summary>What its stages tell; <see langword="null"/> where nobody asked.</summary>
    public StageProfile? Stages { get; init; }

    /// <summary>Where a shortcut may mislead it; <see langword="null"/> where nobody asked.</summary>
    public ShortcutFindings? Shortcuts { get; init; }

    /// <summary>What the rows look like that the page shows of it.</summary>
    public SeenRows Seen { get; init; } = SeenRows.None;

    public static ScoredModel Read(MulticlassClassificationCatalog catalog, IDataView data, ReportedModel model, ReportOptions options)
    {
        EarlyReadoutTransformer? classifier = FlatPipeline.ModelIn(model.Model);
        IDataView scored = model.Model.Transform(data);
        string[] readouts =
        [
            .. (classifier?.ReadoutNames ?? []).Where(name => scored.Schema.GetColumnOrNull(new ReadoutColumns(name).Margin) is not null),
        ];
        string?[] needed = [options.LabelColumnName, options.GroupColumnName, options.ScoreColumnName, options.PredictedLabelColumnName,
            .. readouts.Select(name => new ReadoutColumns(name))
                .SelectMany(names => new[] { names.PredictedLabel, names.Margin })];
        // Scored once, however many figures are made of it. A missing column is left to the evaluation, whose message names those present.
        IDataView cached = new MLContext().Data
            .Cache(scored, [.. needed.OfType<string>().Distinct().Where(name => scored.Schema.GetColumnOrNull(name) is not null)]);
        GroupMetrics groups = new GroupEvaluator(
            cached.Schema,
            [options.GroupColumnName ?? options.LabelColumnName],
            options.LabelColumnName,
            options.ScoreColumnName,
            options.PredictedLabelColumnName,
            new GroupEvaluationOptions { Grouping = options.GroupColumnName is null ? Grouping.AttributeOnly : Grouping.LabelAndAttribute })
            .Evaluate(cached, CatalogEnvironment.Of(catalog));
        ReadoutProfile? profile = readouts.Length == 0 ? null
            : new ReadoutProfiler(
                cached.Schema, readouts, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName,
                options.GroupColumnName)
                .Profile(cached);
        return new ScoredModel(model.Name, groups, ScoredRow.ReadAll(cached, readouts, options), profile, classifier, scored)
        {
            Stages = model.Stages,
            Shortcuts = model.Shortcuts,
        };
    }
}
