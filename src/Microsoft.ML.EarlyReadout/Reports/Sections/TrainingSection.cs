namespace Microsoft.ML.EarlyReadout;

/// <summary>How the models were trained: losses, the forgetting loss and its bound, the validation figure.</summary>
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
                {Forgetting(each.Model, each.History, $"forgetting-{i}")}
                {Accuracies(each.Model, each.History, $"accuracies-{i}")}
                </div>

                """))}
            </section>

            """);
    }

    private static Markup Losses(ScoredModel model, TrainingHistory history, string id)
    {
        Series[] lines =
        [
            .. Names(history)
                .Where(name => !LossNames.IsAccuracy(name) && name is not (LossNames.Forget or LossNames.Forgotten or LossNames.Weight))
                .Select(name => Line(history, name, name)),
        ];
        var chart = new LineChart($"{model.Name}: losses", "epoch", "loss (nats)", lines) { Mark = SelectedPoint(history) };
        Markup caption = Markup.Of($"<b>{model.Name}</b>: training losses, the means between two points in nats.");
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of($"Losses of {model.Name} in nats", "Epoch", lines));
    }

    private static Markup Forgetting(ScoredModel model, TrainingHistory history, string id)
    {
        if (!Names(history).Contains(LossNames.Forget)) return Markup.Empty;
        Series before = Line(history, LossNames.Forget, "before the step"), after = Line(history, LossNames.Forgotten, "after it");
        var figure = new ForgettingFigure(model.Name, "epoch", model.Classifier!.Classes, before, after) { Mark = SelectedPoint(history) };
        return figure.Draw(id);
    }

    private static Markup Accuracies(ScoredModel model, TrainingHistory history, string id)
    {
        List<Series> lines = [];
        if (history.Points.All(point => point.ValidationScore is not null))
            lines.Add(new Series(
                $"validation: {MetricName.Of(history.Selection)}",
                [.. history.Points.Select(point => (point.Epoch, 100 * point.ValidationScore!.Value))]));
        lines.AddRange(Names(history).Where(LossNames.IsAccuracy).Select(name => Line(history, name, "training: " + name, 100)));
        if (lines.Count == 0) return Markup.Empty;
        var chart = new LineChart($"{model.Name}: validation and readouts", "epoch", "%", lines)
        {
            Mark = SelectedPoint(history),
            YRange = (0, 100),
        };
        Markup caption = Markup.Of(
            $"<b>{model.Name}</b>: in % of rows, by epoch. The network of the highest validation figure is the one that was kept.");
        return Figure.Of(id, chart.Draw(id), caption, SeriesTable.Of($"Validation and readouts of {model.Name} in %", "Epoch", lines));
    }

    private static (string, double)? SelectedPoint(TrainingHistory history) =>
        history.Points.Count > 1 && history.Selected is { } kept ? ("kept epoch", kept.Epoch) : null;

    private static string[] Names(TrainingHistory history) =>
        [.. history.Points.SelectMany(point => point.Losses.Keys).Distinct().OrderBy(name => name != "main")];

    private static Series Line(TrainingHistory history, string name, string title, double factor = 1) =>
        new(
            title,
            [.. history.Points.Where(point => point.Losses.ContainsKey(name)).Select(point => (point.Epoch, factor * point.Losses[name]))]);
}
