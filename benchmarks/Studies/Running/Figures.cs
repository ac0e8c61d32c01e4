using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>The figures that are recorded of a model on some rows.</summary>
internal static class Figures
{
    public const string Worst = "worstGroupAccuracy";
    public const string Average = "averageAccuracy";
    public const string Unbiased = "unbiasedAccuracy";
    public const string Agreeing = "agreeingAccuracy";
    public const string Conflicting = "conflictingAccuracy";

    /// <summary>Scores rows and evaluates them by label × cue, and by cue alone.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="model">The model.</param>
    /// <param name="rows">Rows with columns Label and Cue.</param>
    public static IReadOnlyDictionary<string, double> Of(MLContext ml, ITransformer model, IDataView rows)
    {
        IDataView scored = ml.Data.Cache(model.Transform(rows), "Label", "PredictedLabel", "Score", "Cue");
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

        GroupMetrics cues = ml.MulticlassClassification.EvaluateByGroup(scored, "Cue", options: new GroupEvaluationOptions { GroupBy = GroupBy.AttributeOnly });
        foreach (GroupResult cue in cues.Groups)
        {
            if (cue.Attributes[0] == Agreement.Agrees) figures[Agreeing] = cue.Accuracy;
            if (cue.Attributes[0] == Agreement.Conflicts) figures[Conflicting] = cue.Accuracy;
        }

        if (model is EarlyReadoutTransformer { ReadoutNames.Count: > 0 } tapped) AddReadouts(figures, ml, tapped, rows);
        return figures;
    }

    private static void AddReadouts(Dictionary<string, double> figures, MLContext ml, EarlyReadoutTransformer model, IDataView rows)
    {
        ReadoutProfile profile = ml.MulticlassClassification.ProfileReadouts(model.Transform(rows), model.ReadoutNames, groupColumnName: "Cue");
        foreach (ReadoutResult readout in profile.Readouts)
        {
            Put(readout, "accuracy", readout.Accuracy);
            Put(readout, "marginRight", readout.RightMargins.Mean);
            Put(readout, "marginWrong", readout.WrongMargins.Mean);
            Put(readout, "recall", readout.WorstGroupRecall);
            Put(readout, "precision", readout.WorstGroupPrecision);
            Put(readout, "auc", readout.WorstGroupAuc);
            // By cue, since the group on which a network is worst differs from seed to seed.
            foreach (IGrouping<string, ReadoutGroup> cue in readout.Groups.GroupBy(group => group.Name[(group.Name.LastIndexOf('=') + 1)..]))
            {
                figures[$"{readout.Name}.{cue.Key}.accuracy"] = cue.Sum(group => group.Accuracy * group.Count) / cue.Sum(group => group.Count);
                figures[$"{readout.Name}.{cue.Key}.signal"] = cue.Sum(group => group.MeanSignal * group.Count) / cue.Sum(group => group.Count);
            }
        }

        void Put(ReadoutResult readout, string name, double? value)
        {
            if (value is { } known) figures[$"{readout.Name}.{name}"] = known;
        }
    }
}
