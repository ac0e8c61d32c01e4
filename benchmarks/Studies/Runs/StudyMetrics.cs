using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>The figures that are recorded of a model on some rows.</summary>
internal static class StudyMetrics
{
    public const string Worst = "worstGroupAccuracy";
    public const string Average = "averageAccuracy";
    public const string Unbiased = "unbiasedAccuracy";
    public const string Agreeing = "agreeingAccuracy";
    public const string Conflicting = "conflictingAccuracy";
    public const string Flips = "flipRate";
    public const string Auc = "auc";

    /// <summary>Of two features: accuracy by the complex half where the simple one is random.</summary>
    public const string SimpleRandomised = "simpleRandomisedAccuracy";

    /// <summary>Of two features: accuracy by the simple half where the complex one is random.</summary>
    public const string ComplexRandomised = "complexRandomisedAccuracy";

    /// <summary>Of pairs whose texts were edited into the other label: how often both are answered right.</summary>
    public const string EditsFollowed = "editsFollowed";

    /// <summary>
    /// Of identity words: the least area under the curve between harmless sentences with one of them and harmful ones with the others.
    /// </summary>
    public const string WorstIdentity = "worstIdentityAuc";

    private const string Pair = "Pair";

    /// <summary>Of two features: how well a half's class can be told from a stage of the trained network.</summary>
    public static string Decodable(Feature half, int stage) =>
        FormattableString.Invariant($"stage{stage}.{half.ToString().ToLowerInvariant()}.decodable");

    /// <summary>The readouts of a model, by name.</summary>
    public static IReadOnlyList<string> ReadoutsOf(ITransformer model) => (model as EarlyReadoutTransformer)?.ReadoutNames ?? [];

    /// <summary>Scores rows once, however often they are evaluated.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="model">The model.</param>
    /// <param name="rows">Rows with columns Label and Cue, and perhaps Pair.</param>
    public static IDataView Score(MLContext ml, ITransformer model, IDataView rows)
    {
        string[] columns =
        [
            "Label", "PredictedLabel", "Score", "Cue", .. HasPairs(rows) ? [Pair] : Array.Empty<string>(),
            .. ReadoutsOf(model).SelectMany(name => new[] { $"{name}.Score", $"{name}.PredictedLabel", $"{name}.Margin" }),
        ];
        return ml.Data.Cache(model.Transform(rows), columns);
    }

    /// <summary>Scores rows and evaluates them.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="model">The model.</param>
    /// <param name="rows">Rows with columns Label and Cue, and perhaps Pair.</param>
    public static IReadOnlyDictionary<string, double> Evaluate(MLContext ml, ITransformer model, IDataView rows) =>
        Evaluate(ml, Score(ml, model, rows), ReadoutsOf(model));

    /// <summary>
    /// Evaluates scored rows by label × cue, and by cue alone where the cue says whether it agrees with the label; where it does
    /// not, each group's accuracy is kept under its name. Of two classes also the area under the curve; of rows in pairs of one label how
    /// often the answer changes within one, in pairs of two how often it is right for both.
    /// </summary>
    /// <param name="ml">The context.</param>
    /// <param name="scored">What <see cref="Score"/> gives.</param>
    /// <param name="readouts">The readouts whose columns it has.</param>
    public static IReadOnlyDictionary<string, double> Evaluate(MLContext ml, IDataView scored, IReadOnlyList<string> readouts)
    {
        GroupMetrics groups = ml.MulticlassClassification.EvaluateByGroup(scored, "Cue");
        var figures = new Dictionary<string, double>
        {
            [Worst] = groups.WorstGroupAccuracy,
            [Average] = groups.AverageAccuracy,
            [Unbiased] = groups.UnbiasedAccuracy,
            ["classBalancedAccuracy"] = groups.ClassBalancedAccuracy,
        };
        if (groups.ExpectedCalibrationError is double calibration) figures["expectedCalibrationError"] = calibration;
        if (groups.LogLoss is double logLoss) figures["logLoss"] = logLoss;

        GroupMetrics cues = ml.MulticlassClassification.EvaluateByGroup(
            scored, "Cue", options: new GroupEvaluationOptions { Grouping = Grouping.AttributeOnly });
        foreach (GroupResult cue in cues.Groups)
        {
            if (cue.Attributes[0] == Agreement.Agrees) figures[Agreeing] = cue.Accuracy;
            if (cue.Attributes[0] == Agreement.Conflicts) figures[Conflicting] = cue.Accuracy;
        }

        if (!figures.ContainsKey(Agreeing) && !figures.ContainsKey(Conflicting))
            foreach (GroupResult group in groups.Groups) figures[$"{group.Name}.accuracy"] = group.Accuracy;
        if (AreaUnderCurve(ml, Margins(scored)) is { } area) figures[Auc] = area;
        if (HasPairs(scored)) AddPairs(figures, scored);
        if (readouts.Count > 0) AddReadouts(figures, ml, scored, readouts);
        return figures;
    }

    /// <summary>
    /// Of two classes, by cue: the area under the curve between the first class's rows with it and the second's with the others. A cue that
    /// raises the score of the second class by itself has a low one (Borkan et al., 2019: background positive, subgroup negative).
    /// </summary>
    /// <param name="ml">The context.</param>
    /// <param name="scored">Rows with columns Label, Score and Cue.</param>
    public static IReadOnlyDictionary<string, double> AreasByCue(MLContext ml, IDataView scored)
    {
        (string Cue, Scored Row)[] rows = [.. scored.GetColumn<string>("Cue").Zip(Margins(scored))];
        var areas = new Dictionary<string, double>();
        foreach (string cue in rows.Select(row => row.Cue).Distinct())
        {
            if (AreaUnderCurve(ml, rows.Where(row => row.Cue == cue != row.Row.Label).Select(row => row.Row)) is { } area)
                areas[cue] = area;
        }

        return areas;
    }

    private static bool HasPairs(IDataView rows) => rows.Schema.GetColumnOrNull(Pair) is not null;

    // Of two classes: how often a row of the second has a higher score for it than a row of the first.
    private static double? AreaUnderCurve(MLContext ml, IEnumerable<Scored> scored)
    {
        Scored[] rows = [.. scored];
        return rows.Select(row => row.Label).Distinct().Count() == 2
            ? ml.BinaryClassification.EvaluateNonCalibrated(ml.Data.LoadFromEnumerable(rows)).AreaUnderRocCurve
            : null;
    }

    // None where there are not two classes.
    private static IEnumerable<Scored> Margins(IDataView scored) =>
        scored.GetColumn<uint>("Label").Zip(scored.GetColumn<float[]>("Score"))
            .Where(row => row.Second.Length == 2)
            // a probability near 1 has too few digits
            .Select(row => new Scored(row.First == 2, MathF.Log(row.Second[1]) - MathF.Log(row.Second[0])));

    private static void AddPairs(Dictionary<string, double> figures, IDataView scored)
    {
        ILookup<bool, (uint Label, uint Answer)[]> pairs = scored.GetColumn<string>(Pair)
            .Zip(scored.GetColumn<uint>("Label"), scored.GetColumn<uint>("PredictedLabel"))
            .Where(row => row.First.Length > 0)
            .GroupBy(row => row.First, row => (Label: row.Second, Answer: row.Third))
            .Where(pair => pair.Count() > 1)
            .Select(pair => pair.ToArray())
            .ToLookup(pair => pair.DistinctBy(row => row.Label).Count() > 1);
        if (pairs.Contains(false)) figures[Flips] = pairs[false].Average(pair => pair.DistinctBy(row => row.Answer).Count() > 1 ? 1.0 : 0);
        if (pairs.Contains(true)) figures[EditsFollowed] = pairs[true].Average(pair => pair.All(row => row.Label == row.Answer) ? 1.0 : 0);
    }

    private static void AddReadouts(
        Dictionary<string, double> figures, MLContext ml, IDataView scored, IReadOnlyList<string> readouts)
    {
        ReadoutProfile profile = ml.MulticlassClassification.ProfileReadouts(scored, readouts, groupColumnName: "Cue");
        foreach (ReadoutResult readout in profile.Readouts)
        {
            Put(readout, "accuracy", readout.Accuracy);
            Put(readout, "marginRight", readout.RightMargins.Mean);
            Put(readout, "marginWrong", readout.WrongMargins.Mean);
            Put(readout, "recall", readout.WorstGroupRecall);
            Put(readout, "precision", readout.WorstGroupPrecision);
            Put(readout, "auc", readout.WorstGroupAreaUnderRocCurve);
            // By cue, since the group on which a network is worst differs from seed to seed.
            foreach (IGrouping<string, ReadoutGroup> cue in readout.Groups.GroupBy(group => group.Attribute))
            {
                figures[$"{readout.Name}.{cue.Key}.accuracy"] = cue.Sum(
                    group => group.Accuracy * group.Count) / cue.Sum(group => group.Count);
                figures[$"{readout.Name}.{cue.Key}.signal"] = cue.Sum(
                    group => group.MeanSignal * group.Count) / cue.Sum(group => group.Count);
            }
        }

        void Put(ReadoutResult readout, string name, double? value)
        {
            if (value is { } known) figures[$"{readout.Name}.{name}"] = known;
        }
    }

    private sealed record Scored(bool Label, float Score)
    {
        public bool PredictedLabel => Score > 0; // the evaluator wants one; the area does not depend on it
    }
}
