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

        return figures;
    }
}
