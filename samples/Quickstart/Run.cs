using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace Quickstart;

/// <summary>One trained model and how it did on the test images.</summary>
/// <param name="Seed">The seed of images and weights.</param>
/// <param name="Method">How it was trained.</param>
/// <param name="ModelPath">Where it was saved.</param>
/// <param name="Groups">Figures by shape × cue.</param>
/// <param name="Cues">Figures by cue alone: backgrounds that agree, backgrounds that conflict.</param>
/// <param name="ConflictHits">For each conflicting test image, in order, whether it was classified right.</param>
internal sealed record Run(int Seed, Method Method, string ModelPath, GroupMetrics Groups, GroupMetrics Cues, bool[] ConflictHits)
{
    /// <summary>Accuracy where the background goes with the shape.</summary>
    public double AgreeingAccuracy => Cues.Groups.Single(group => group.Attributes[0] == ShapeFiles.Agrees).Accuracy;

    /// <summary>Accuracy where the background goes with another shape.</summary>
    public double ConflictingAccuracy => Cues.Groups.Single(group => group.Attributes[0] == ShapeFiles.Conflicts).Accuracy;

    /// <summary>Evaluates scored test images.</summary>
    public static Run Evaluate(MLContext ml, IDataView scored, int seed, Method method, string modelPath)
    {
        GroupMetrics groups = ml.MulticlassClassification.EvaluateByGroup(scored, "Cue");
        GroupMetrics cues = ml.MulticlassClassification.EvaluateByGroup(
            scored, "Cue", options: new GroupEvaluationOptions { Grouping = Grouping.AttributeOnly });
        bool[] hits =
        [
            .. scored.GetColumn<uint>("Label").Zip(scored.GetColumn<uint>("PredictedLabel"), (label, predicted) => label == predicted),
        ];
        bool[] conflictHits =
        [
            .. scored.GetColumn<string>("Cue").Zip(hits).Where(row => row.First == ShapeFiles.Conflicts).Select(row => row.Second),
        ];
        return new Run(seed, method, modelPath, groups, cues, conflictHits);
    }
}
