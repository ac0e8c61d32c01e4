using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace AdultIncome;

/// <summary>
/// From the census's columns to what a trainer reads: Features, and beside them Label (key) and Cue, the sex, for evaluation by group.
/// </summary>
internal static class AdultFeatures
{
    private static readonly string[] Categories =
        [
            nameof(AdultRow.Work),
            nameof(AdultRow.Marital),
            nameof(AdultRow.Occupation),
            nameof(AdultRow.Relationship),
            nameof(AdultRow.Race),
            nameof(AdultRow.Sex),
            nameof(AdultRow.Country),
        ];

    private static readonly string[] Numbers =
        [
            nameof(AdultRow.Age),
            nameof(AdultRow.EducationYears),
            nameof(AdultRow.CapitalGain),
            nameof(AdultRow.CapitalLoss),
            nameof(AdultRow.HoursPerWeek),
        ];

    /// <summary>Adds Label and Cue, which training and evaluation read and a saved model does not.</summary>
    public static IEstimator<ITransformer> Known(MLContext ml) =>
        ml.Transforms.Conversion.MapValueToKey(
            "Label", nameof(AdultRow.Income), keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(ml.Transforms.CopyColumns("Cue", nameof(AdultRow.Sex)));

    /// <summary>Adds Features.</summary>
    public static IEstimator<ITransformer> Create(MLContext ml) =>
        ml.Transforms.Categorical.OneHotEncoding([.. Categories.Select(name => new InputOutputColumnPair(name))])
            .Append(ml.Transforms.NormalizeMeanVariance([.. Numbers.Select(name => new InputOutputColumnPair(name))]))
            .Append(ml.Transforms.Concatenate("Features", [.. Categories, .. Numbers]));
}
