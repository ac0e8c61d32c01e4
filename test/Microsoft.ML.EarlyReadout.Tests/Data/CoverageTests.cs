using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>
/// Groups that a fit cannot validate or cannot train on are told of, and a held-out part has rows of every group that can give one.
/// </summary>
public sealed class CoverageTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_fit_holds_out_by_group_and_names_the_group_that_gives_no_row()
    {
        // 10 rows of 400 conflict, all of one class; one more row is a group by itself.
        BiasedRow[] rows = BiasedRow.Draw(400);
        foreach (BiasedRow row in rows) row.Cue = "agrees";
        foreach (BiasedRow row in rows.Where(row => row.Class == "quarter 0").Take(10)) row.Cue = "conflicts";
        rows.First(row => row.Class == "quarter 1").Cue = "conflicts";
        for (int seed = 0; seed < 3; seed++)
        {
            string[] log = Fit(rows, options => (options.ValidationFraction, options.Seed) = (0.1, seed));
            Assert.Equal([NoValidation("1 of 6 groups", "'quarter 1, conflicts' (training rows: 1)")], log);
        }
    }

    [Fact]
    public void A_validation_set_is_compared_by_the_groups_names()
    {
        BiasedRow[] rows = BiasedRow.Draw(400), validation = BiasedRow.Draw(100, seed: 2);
        foreach (BiasedRow row in rows.Concat(validation)) row.Cue = "agrees";
        foreach (BiasedRow row in rows.Where(row => row.Class == "quarter 2").Take(7)) row.Cue = "conflicts";
        foreach (BiasedRow row in validation.Where(row => row.Class == "quarter 0").Take(3)) row.Cue = "conflicts";
        string[] log = Fit(rows, options => options.ValidationSet = BiasedRow.View(_ml, validation));
        Assert.Equal(
            [NoValidation("1 of 5 groups", "'quarter 2, conflicts' (training rows: 7)"),
            "There are no training rows for 1 of 5 groups of the validation rows: 'quarter 0, conflicts' (validation rows: 3)."], log);
    }

    [Fact]
    public void Without_groups_the_classes_are_compared()
    {
        BiasedRow[] rows = BiasedRow.Draw(400);
        rows = [.. rows.Where(row => row.Class != "quarter 3"), rows.First(row => row.Class == "quarter 3")];
        string[] log = Fit(rows, options => (options.ValidationFraction, options.GroupColumnName) = (0.1, null));
        Assert.Equal([NoValidation("1 of 4 classes", "'quarter 3' (training rows: 1)")], log);
    }

    [Fact]
    public void Where_only_validation_rows_have_groups_the_classes_are_compared() =>
        Assert.Empty(Fit(BiasedRow.Draw(400), options => options.ValidationSet = BiasedRow.View(_ml, 100, seed: 2), hasGroups: false));

    private static string NoValidation(string which, string names) =>
        $"There are no validation rows for {which}, so no validation figure counts them: {names}.";

    private string[] Fit(BiasedRow[] rows, Action<EarlyReadoutEstimator.Options> set, bool hasGroups = true)
    {
        IDataView train = BiasedRow.View(_ml, rows);
        if (!hasGroups) train = _ml.Transforms.DropColumns("Cue").Fit(train).Transform(train);
        var options = new EarlyReadoutEstimator.Options { GroupColumnName = "Cue", Epochs = 1, Network = { HiddenUnits = [4] } };
        set(options);
        List<string> log = [];
        void Listen(object? _, LoggingEventArgs message)
        {
            bool counts = message.Kind == ChannelMessageKind.Warning
                && message.RawMessage.StartsWith("There are", StringComparison.Ordinal);
            if (counts) log.Add(message.RawMessage);
        }

        _ml.Log += Listen;
        _ml.Transforms.EarlyReadout(options).Fit(train).Dispose();
        _ml.Log -= Listen;
        return [.. log];
    }
}
