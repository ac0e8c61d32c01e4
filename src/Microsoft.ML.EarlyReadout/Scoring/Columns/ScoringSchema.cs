using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The promise of an estimator: which columns its transformer will add. Columns of a <see cref="SchemaShape"/> cannot be made from outside
/// ML.NET, so they are borrowed from stock estimators, whose messages about missing and mistyped columns are then ML.NET's own.
/// </summary>
internal static class ScoringSchema
{
    private const string Vectors = ColumnNameRules.Reserved + "Vectors";
    private const string KeyValue = ColumnNameRules.Reserved + "KeyValue";

    /// <summary>Adds the output columns to the shape of an input schema.</summary>
    /// <param name="input">The input.</param>
    /// <param name="feature">The feature column: a float vector of known size, or an image.</param>
    /// <param name="label">The label column: a key.</param>
    /// <param name="score">The output column of class probabilities.</param>
    /// <param name="predictedLabel">The output column of the predicted class.</param>
    /// <param name="readouts">The readouts whose columns are added besides.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or would be lost by a saved
    /// model.</exception>
    public static SchemaShape GetOutputSchema(
        SchemaShape input, string feature, string label, string score, string predictedLabel, IReadOnlyList<ReadoutColumns> readouts)
    {
        ArgumentNullException.ThrowIfNull(input);
        string[] outputs = [score, predictedLabel, .. readouts.SelectMany(readout => readout.All)];
        FeatureFormat format = FeatureFormat.In(input, feature);
        TransientColumns.Check(input.Select(column => column.Name), feature, format, outputs);
        var ml = new MLContext();
        SchemaShape shape = input;
        string vector = feature;
        if (format.ToVectors(ml, Vectors, feature) is { } conversion)
        {
            vector = Vectors;
            shape = conversion.GetOutputSchema(input);
        }

        if (shape.Any(column => column.Name == label && column.IsKey && column.ItemType != NumberDataViewType.UInt32))
            shape = WithKeyOfUInt32(ml, shape, label);
        var trainer = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
            new LbfgsMaximumEntropyMulticlassTrainer.Options { FeatureColumnName = vector, LabelColumnName = label });
        SchemaShape trained = trainer.GetOutputSchema(shape);
        SchemaShape number = MappedColumns.AddTo<Number>(ml.Transforms, new SchemaShape([]));
        SchemaShape.Column[] added =
        [
            .. readouts.SelectMany(readout => new[]
            {
                Named(readout.Score, DefaultColumns.Score, trained),
                Named(readout.PredictedLabel, DefaultColumns.PredictedLabel, trained),
                Named(readout.Margin, nameof(Number.Value), number),
            }),
            Named(score, DefaultColumns.Score, trained),
            Named(predictedLabel, DefaultColumns.PredictedLabel, trained),
        ];
        return new SchemaShape([.. input.ExceptBy(outputs, column => column.Name), .. added]);

        SchemaShape.Column Named(string name, string made, SchemaShape of) =>
            (name == made ? of : ml.Transforms.CopyColumns(name, made).GetOutputSchema(of)).Single(column => column.Name == name);
    }

    /// <summary>The stock trainer takes keys of UInt32 alone, ours every key; the values of the keys stay.</summary>
    private static SchemaShape WithKeyOfUInt32(MLContext ml, SchemaShape shape, string label)
    {
        bool hasValues = shape.Single(column => column.Name == label).Annotations.Any(annotation => annotation.Name == "KeyValues");
        return hasValues
            ? ml.Transforms.Conversion.MapKeyToValue(KeyValue, label)
                .Append(ml.Transforms.Conversion.MapValueToKey(label, KeyValue))
                .GetOutputSchema(shape)
            : ml.Transforms.CopyColumns(label, KeyValue).GetOutputSchema(MappedColumns.AddTo<Key>(ml.Transforms, shape));
    }

    private sealed class Key
    {
        [KeyType(2), ColumnName(KeyValue)]
        public uint Value { get; set; }
    }

    private sealed class Number
    {
        public float Value { get; set; }
    }
}
