namespace Microsoft.ML.EarlyReadout;

/// <summary>How the models were trained: what their steps report, as they declare it, and the validation figure.</summary>
internal static class TrainingSection
{
    public static Markup Write(IReadOnlyList<ScoredModel> models)
    {
        (ScoredModel Model, TrainingHistory History)[] trained =
        [
            .. models.Where(model => model.Classifier?.History.Points.Count > 0).Select(model => (model, model.Classifier!.History)),
        ];
        if (trained.Length == 0) return Markup.Empty;
        return Markup.Of($"""
            <section aria-labelledby="training"><h2 id="training">Training</h2>
            {trained.Select((each, i) => Markup.Of($"""
                <h3>{each.Model.Name}</h3>
                <div class="grid">
                {Losses(each.Model, each.History, $"losses-{i}")}
                {Charts(each.Model, each.History, $"meters-{i}")}
                {Numbers(each.Model, each.History, $"numbers-{i}")}
                {Accuracies(each.Model, each.History, $"accuracies-{i}")}
                </div>

                """))}
            </section>

            """);
    }

    private static Markup Losses(ScoredModel model, TrainingHistory history, string id)
    {
        Series[] lines = Lines(history, Meters(history, MeterUnit.Nats));
        if (lines.Length == 0) return Markup.Empty;
        var chart = new LineChart($"{model.Name}: losses", "epoch", "loss (nats)", lines) { Mark = SelectedPoint(history) };
        Markup caption = Markup.Of($"<b>{model.Name}</b>: training losses, the means between two points in nats.");
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of($"Losses of {model.Name} in nats", "Epoch", lines));
    }

    private static IEnumerable<Markup> Charts(ScoredModel model, TrainingHistory history, string id) =>
        from each in history.Meters.Where(meter => meter.Chart is not null)
            .GroupBy(meter => (Chart: meter.Chart!, meter.Unit)).Index()
        let lines = Lines(history, each.Item)
        where lines.Length > 0
        select new MeterFigure(model.Name, "epoch", each.Item.Key.Chart, each.Item.Key.Unit, lines) { Mark = SelectedPoint(history) }
            .Draw(FormattableString.Invariant($"{id}-{each.Index}"));

    private static Markup Numbers(ScoredModel model, TrainingHistory history, string id)
    {
        Series[] lines = Lines(history, Meters(history, MeterUnit.Number));
        if (lines.Length == 0) return Markup.Empty;
        var chart = new LineChart($"{model.Name}: other figures", "epoch", "value", lines) { Mark = SelectedPoint(history) };
        Markup caption = Markup.Of($"<b>{model.Name}</b>: what else training reports, the means between two points, without a unit.");
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of($"Other figures of {model.Name}", "Epoch", lines));
    }

    private static Markup Accuracies(ScoredModel model, TrainingHistory history, string id)
    {
        List<Series> lines = [];
        if (history.Points.All(point => point.ValidationScore is not null))
            lines.Add(new Series(
                $"validation: {MetricName.Of(history.Selection)}",
                [.. history.Points.Select(point => (point.Epoch, 100 * point.ValidationScore!.Value))]));
        lines.AddRange(Lines(history, Meters(history, MeterUnit.Share)).Select(line => line with { Name = "training: " + line.Name }));
        if (lines.Count == 0) return Markup.Empty;
        var chart = new LineChart($"{model.Name}: validation and readouts", "epoch", "%", lines)
        {
            Mark = SelectedPoint(history),
            YRange = (0, 100),
        };
        string kept = history.Selected?.ValidationScore is null
            ? "No validation figure chose the network: the last one was kept."
            : "The network of the highest validation figure is the one that was kept.";
        if (history.Refitted is { } refitted)
        {
            kept += refitted.ValidationScore is { } score
                ? FormattableString.Invariant($" Its last layer was then fitted anew: with that the figure is {100 * score:F1} %.")
                : " Its last layer was then fitted anew.";
        }

        Markup caption = Markup.Of($"<b>{model.Name}</b>: in % of rows, by epoch. {kept}");
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of($"Validation and readouts of {model.Name} in %", "Epoch", lines));
    }

    private static (string, double)? SelectedPoint(TrainingHistory history) =>
        history.Points.Count > 1 && history.Selected is { } kept ? ("kept epoch", kept.Epoch) : null;

    /// <summary>The meters of a unit that have no chart of their own.</summary>
    private static IEnumerable<Meter> Meters(TrainingHistory history, MeterUnit unit) =>
        history.Meters.Where(meter => meter.Unit == unit && meter.Chart is null);

    private static Series[] Lines(TrainingHistory history, IEnumerable<Meter> meters) =>
        [.. meters.Select(meter => Line(history, meter)).Where(line => line.Points.Count > 0)];

    private static Series Line(TrainingHistory history, Meter meter) => new(
        meter.Label,
        [.. history.Points.Where(point => point.Losses.ContainsKey(meter.Name))
            .Select(point => (point.Epoch, meter.Unit.Factor() * point.Losses[meter.Name]))]);
}
