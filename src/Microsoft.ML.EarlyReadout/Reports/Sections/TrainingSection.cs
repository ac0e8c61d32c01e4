namespace Microsoft.ML.EarlyReadout;

/// <summary>How the models were trained: losses, the forgetting loss and its bound, the validation figure.</summary>
internal static class TrainingSection
{
    private const string Forget = "forget";
    private const string Forgotten = "forgotten";

    public static Markup Write(IReadOnlyList<ScoredModel> models)
    {
        (ScoredModel Model, TrainingHistory History)[] trained = [.. models.Where(model => model.Classifier?.History.Points.Count > 0).Select(model => (model, model.Classifier!.History))];
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
        Series[] lines = [.. Names(history).Where(name => !IsAccuracy(name) && name is not (Forget or Forgotten or "weight")).Select(name => Line(history, name, name))];
        var chart = new LineChart($"{model.Name}: losses", "epoch", "loss (nats)", lines) { Mark = Kept(history) };
        return Figure.Of(id, chart.Draw(id), Markup.Of($"<b>{model.Name}</b>: training losses, the means between two points in nats."), Numbers($"Losses of {model.Name} in nats", "Epoch", lines));
    }

    private static Markup Forgetting(ScoredModel model, TrainingHistory history, string id)
    {
        if (!Names(history).Contains(Forget)) return Markup.Empty;
        Series[] lines = [Line(history, Forget, "before the step"), Line(history, Forgotten, "after it")];
        double bound = Math.Log(model.Classifier!.Classes);
        var chart = new LineChart($"{model.Name}: forgetting loss", "epoch", "forgetting loss (nats)", lines) { Level = ("bound, log C", bound), Mark = Kept(history) };
        Markup caption = Markup.Of($"<b>{model.Name}</b>: forgetting loss in nats, before and after each step that forgets. Its lowest possible value is log C = {bound:F3}, where the readout cannot tell the classes apart. It must fall towards it; where it stays high, nothing is forgotten.");
        return Figure.Of(id, chart.Draw(id), caption, Numbers($"Forgetting loss of {model.Name} in nats", "Epoch", lines));
    }

    private static Markup Accuracies(ScoredModel model, TrainingHistory history, string id)
    {
        List<Series> lines = [];
        if (history.Points.All(point => point.ValidationScore is not null))
            lines.Add(new Series($"validation: {Words(history.Selection)}", [.. history.Points.Select(point => (point.Epoch, 100 * point.ValidationScore!.Value))]));
        lines.AddRange(Names(history).Where(IsAccuracy).Select(name => Line(history, name, "training: " + name, 100)));
        if (lines.Count == 0) return Markup.Empty;
        var chart = new LineChart($"{model.Name}: validation and readouts", "epoch", "%", lines) { Mark = Kept(history), YRange = (0, 100) };
        Markup caption = Markup.Of($"<b>{model.Name}</b>: in % of rows, by epoch. The network of the highest validation figure is the one that was kept.");
        return Figure.Of(id, chart.Draw(id), caption, Numbers($"Validation and readouts of {model.Name} in %", "Epoch", lines));
    }

    private static (string, double)? Kept(TrainingHistory history) =>
        history.Points.Count > 1 && history.Selected is { } kept ? ("kept epoch", kept.Epoch) : null;

    private static string[] Names(TrainingHistory history) => [.. history.Points.SelectMany(point => point.Losses.Keys).Distinct().OrderBy(name => name != "main")];

    private static bool IsAccuracy(string name) => name.EndsWith(" accuracy", StringComparison.Ordinal);

    private static Series Line(TrainingHistory history, string name, string title, double factor = 1) =>
        new(title, [.. history.Points.Where(point => point.Losses.ContainsKey(name)).Select(point => (point.Epoch, factor * point.Losses[name]))]);

    private static string Words(SelectionMetric metric) => metric switch
    {
        SelectionMetric.ClassBalancedAccuracy => "class-balanced accuracy",
        SelectionMetric.WorstGroupAccuracy => "worst-group accuracy",
        SelectionMetric.MeanOfGroupsAccuracy => "mean of the groups' accuracies",
        _ => "accuracy",
    };

    private static Markup Numbers(string caption, string first, IReadOnlyList<Series> lines)
    {
        Dictionary<double, double>[] byX = [.. lines.Select(line => line.Points.DistinctBy(point => point.X).ToDictionary(point => point.X, point => point.Y))];
        return Table.Of(
            caption,
            [first, .. lines.Select(line => line.Name)],
            byX.SelectMany(line => line.Keys).Distinct().Order().Select(x => (IReadOnlyList<Markup>)[Markup.Of($"{x:0.####}"),
                .. byX.Select(line => line.TryGetValue(x, out double y) ? Markup.Of($"{y:0.####}") : new Markup("–"))]));
    }
}
