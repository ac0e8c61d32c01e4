namespace Microsoft.ML.EarlyReadout;

/// <summary>What each stage of a network tells about columns of the rows.</summary>
internal static class StageSection
{
    public static Markup Write(IReadOnlyList<ScoredModel> models)
    {
        ScoredModel[] read = [.. models.Where(model => model.Stages is not null)];
        if (read.Length == 0) return Markup.Empty;
        return Markup.Of($"""
            <section aria-labelledby="decoded"><h2 id="decoded">What each stage tells</h2>
            <p>A logistic regression on what a stage puts out, fitted to some rows and asked about others; the network stays as it is.
            An attribute that early stages tell better than the label is one that the network can lean on.</p>
            <div class="grid">{read.Select((model, i) => Decoded(model.Name, model.Stages!, $"decoded-{i}"))}</div></section>

            """);
    }

    private static Markup Decoded(string name, StageProfile profile, string id)
    {
        Series[] lines =
        [
            .. profile.ColumnNames.Select(column => new Series(
                column, [.. profile.ResultsOf(column).Select((result, i) => ((double)i, 100 * result.Accuracy))])),
        ];
        var chart = new LineChart($"{name}: what each stage tells", "stage", "accuracy (%)", lines)
        {
            XNames = [.. profile.ResultsOf(profile.ColumnNames[0]).Select(StageProfile.NameOf)],
            YRange = (0, 100),
        };
        Markup caption = Markup.Of($"""
            <b>{name}</b>: share of test rows, in %, whose value a logistic regression tells from the output of each stage.
            """);
        Markup numbers = Table.Of(
            $"Stages of {name}", ["Column", "Stage", "Rows", "Accuracy, %", "95 % interval", "Most frequent value, %"],
            profile.Results.Select(result => (IReadOnlyList<Markup>)
            [
                Table.Cell(result.ColumnName),
                Table.Cell(StageProfile.NameOf(result)),
                Markup.Of($"{result.RowCount}"),
                Table.Percent(result.Accuracy),
                Markup.Of($"{100 * result.AccuracyInterval.Low:F1} to {100 * result.AccuracyInterval.High:F1}"),
                Table.Percent(result.MostFrequentShare),
            ]));
        return Figure.Of(id, chart.Draw(id), caption, numbers);
    }
}
