using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The promise of an estimator: which columns its transformer will add. Columns of a <see cref="SchemaShape"/> cannot be made from outside ML.NET, so they are
/// borrowed from stock estimators, whose messages about missing and mistyped columns are then ML.NET's own.
/// </summary>
internal static class ScoringSchema
{
    private const string Pixels = "EarlyReadout.Pixels";
    private const string KeyValue = "EarlyReadout.KeyValue";

    /// <summary>Adds the output columns to the shape of an input schema.</summary>
    /// <param name="input">The input.</param>
    /// <param name="feature">The feature column: a float vector of known size, or an image.</param>
    /// <param name="label">The label column: a key.</param>
    /// <param name="score">The output column of class probabilities.</param>
    /// <param name="predictedLabel">The output column of the predicted class.</param>
    /// <param name="readouts">The readouts whose columns are added besides.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public static SchemaShape GetOutputSchema(SchemaShape input, string feature, string label, string score, string predictedLabel, IReadOnlyList<ReadoutColumns> readouts)
    {
        ArgumentNullException.ThrowIfNull(input);
        var ml = new MLContext();
        SchemaShape shape = input;
        string vector = feature;
        if (IsImage(input, feature))
        {
            vector = Pixels;
            shape = ml.Transforms.ExtractPixels(Pixels, feature).GetOutputSchema(input);
        }

        if (shape.Any(column => column.Name == label && column.IsKey && column.ItemType != NumberDataViewType.UInt32)) shape = WithKeyOfUInt32(ml, shape, label);
        var trainer = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options { FeatureColumnName = vector, LabelColumnName = label });
        SchemaShape trained = trainer.GetOutputSchema(shape);
        SchemaShape renamed = ml.Transforms.CopyColumns(score, DefaultColumns.Score).GetOutputSchema(trained);
        renamed = ml.Transforms.CopyColumns(predictedLabel, DefaultColumns.PredictedLabel).GetOutputSchema(renamed);

        SchemaShape numbers = ml.Transforms.CustomMapping<Nothing, Number>((_, _) => { }, null).GetOutputSchema(new SchemaShape([]));
        foreach (ReadoutColumns readout in readouts)
        {
            renamed = ml.Transforms.CopyColumns(readout.Score, DefaultColumns.Score).Append(ml.Transforms.CopyColumns(readout.PredictedLabel, DefaultColumns.PredictedLabel)).GetOutputSchema(renamed);
            numbers = ml.Transforms.CopyColumns(readout.Margin, nameof(Number.Value)).GetOutputSchema(numbers);
        }

        HashSet<string> added = [score, predictedLabel, .. readouts.SelectMany(readout => new[] { readout.Score, readout.PredictedLabel, readout.Margin })];
        return new SchemaShape([.. input.Where(column => !added.Contains(column.Name)), .. renamed.Concat(numbers).Where(column => added.Contains(column.Name))]);
    }

    /// <summary>The stock trainer takes keys of UInt32 alone, ours every key; the values of the keys stay.</summary>
    private static SchemaShape WithKeyOfUInt32(MLContext ml, SchemaShape shape, string label)
    {
        bool hasValues = shape.Single(column => column.Name == label).Annotations.Any(annotation => annotation.Name == "KeyValues");
        return hasValues
            ? ml.Transforms.Conversion.MapKeyToValue(KeyValue, label).Append(ml.Transforms.Conversion.MapValueToKey(label, KeyValue)).GetOutputSchema(shape)
            : ml.Transforms.CopyColumns(label, KeyValue).GetOutputSchema(ml.Transforms.CustomMapping<Nothing, Key>((_, _) => { }, null).GetOutputSchema(shape));
    }

    private sealed class Nothing { }

    private sealed class Key
    {
        [KeyType(2), ColumnName(KeyValue)]
        public uint Value { get; set; }
    }

    private sealed class Number
    {
        public float Value { get; set; }
    }

    private static bool IsImage(SchemaShape input, string feature) =>
        input.Any(column => column.Name == feature && column.ItemType is Transforms.Image.ImageDataViewType);
}
