namespace Microsoft.ML.EarlyReadout;

/// <summary>What readouts see: accuracy by stage, and the margins of right and wrong readouts by group.</summary>
internal static class ReadoutSection
{
    // Lines and panels that stay readable; the groups on which the model itself is worst come first.
    private const int MostLines = 5;
    private const int MostPanels = 12;

    public static Markup Write(IReadOnlyList<ScoredModel> models)
    {
        ScoredModel[] read = [.. models.Where(model => model.Readouts is not null)];
        if (read.Length == 0) return Markup.Empty;
        return Markup.Of($"""
            <section aria-labelledby="readouts"><h2 id="readouts">What can be decided early</h2>
            <p>A readout is a small classifier on what an early stage puts out. What it reads rightly can be decided there already.
            Where it is wrong and sure of it, a simple feature points the other way.</p>
            <div class="grid">
            {read.Select((model, i) => Stages(model, $"stages-{i}"))}
            {read.SelectMany((model, i) => model.Readouts!.Readouts.Select((readout, k) => Margins(model, readout, k, $"margins-{i}-{k}")))}
            </div></section>

            """);
    }

    private static Markup Stages(ScoredModel model, string id)
    {
        ReadoutProfile profile = model.Readouts!;
        string[] names = [.. profile.Readouts.Select(readout => readout.Name), "network"];
        GroupResult[] groups = [.. Worst(model).Take(MostLines)];
        Series[] lines =
        [
            new("all rows", Points([.. profile.Readouts.Select(readout => readout.Accuracy), profile.Accuracy])),
            .. groups.Select(
                group => new Series(
                    group.Name,
                    Points([
                        .. profile.Readouts.Select(readout => ReadoutRows(model, ReportedGroup.Of(group), readout.Name)),
                        group.Accuracy,
                    ]))),
        ];
        var chart = new LineChart($"{model.Name}: readout accuracy by stage", "readout", "accuracy (%)", lines)
        {
            XNames = names,
            YRange = (0, 100),
        };
        Markup caption = Markup.Of($"""
            <b>{model.Name}</b>: accuracy in % of each readout, and of the network itself, on all rows and on the
            {groups.Length} groups where the network is worst.
            """);
        Markup numbers = Table.Of(
            $"Readouts of {model.Name}",
            [
                "Readout",
                "Stage",
                "Accuracy, %",
                "Mean margin when right",
                "when wrong",
                "Recall of the worst group, %",
                "Precision, %",
                "AUC",
            ],
                profile.Readouts.Select(
                    readout => (IReadOnlyList<Markup>)[Table.Cell(readout.Name), Stage(
                        model,
                        readout.Name), Table.Percent(readout.Accuracy), Ratio(readout.RightMargins.Mean), Ratio(readout.WrongMargins.Mean),
                        Table.Percent(readout.WorstGroupRecall), Table.Percent(readout.WorstGroupPrecision),
                        Ratio(readout.WorstGroupAreaUnderRocCurve)]));
        return Figure.Of(id, chart.Draw(id), caption, numbers);
    }

    private static Markup Margins(ScoredModel model, ReadoutResult readout, int index, string id)
    {
        ReportedGroup[] groups = [.. Worst(model).Take(MostPanels).Select(ReportedGroup.Of)];
        var panels = groups.Select(group => (group.Name, Of(group, true), Of(group, false))).ToArray();
        var chart = new MarginChart($"{model.Name}, {readout.Name}: confidence margins by group", panels);
        Markup caption = Markup.Of($"""
            <b>{model.Name}, {readout.Name}</b>: confidence margin (highest probability less the second, 0 to 1) of rows read rightly
            and wrongly, in % of the group's rows for each 0.05; each panel is as high as its tallest bar. Bars below the line far
            to the right are confident mistakes.
            """);
        Markup numbers = Table.Of(
            $"Margins of {readout.Name}", ["Group", "Right rows", "Mean margin", "Wrong rows", "Mean margin"],
            panels.Select(panel => (IReadOnlyList<Markup>)
                [
                    Table.Cell(panel.Name),
                    Markup.Of($"{panel.Item2.Count}"),
                    Ratio(panel.Item2.Mean),
                    Markup.Of($"{panel.Item3.Count}"),
                    Ratio(panel.Item3.Mean),
                ]));
        return Figure.Of(id, chart.Draw(id), caption, numbers);

        MarginDistribution Of(ReportedGroup group, bool right) => MarginDistribution.Of(
            [.. model.Rows.Where(row => row.Group == group && (row.Readouts[index].Predicted == row.Label) == right)
                .Select(row => row.Readouts[index].Margin)]);
    }

    private static IEnumerable<GroupResult> Worst(ScoredModel model) => model.Groups.Groups.OrderBy(group => group.Accuracy);

    private static double ReadoutRows(ScoredModel model, ReportedGroup group, string readout)
    {
        int index = model.Readouts!.Readouts.Select(each => each.Name).ToList().IndexOf(readout);
        return model.Rows.Where(row => row.Group == group).Average(row => row.Readouts[index].Predicted == row.Label ? 1.0 : 0.0);
    }

    private static (double, double)[] Points(double[] shares) => [.. shares.Select((share, i) => ((double)i, 100 * share))];

    private static Markup Stage(ScoredModel model, string readout) =>
        model.Classifier!.Columns.Readouts.FirstOrDefault(each => each.Name == readout)?.Stage is { } stage
            ? Markup.Of($"{stage}")
            : new Markup("–");

    private static Markup Ratio(double? value) => value is { } known ? Markup.Of($"{known:F2}") : new Markup("–");
}
