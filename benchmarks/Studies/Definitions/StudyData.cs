using Microsoft.ML;
using Microsoft.ML.Transforms;

namespace Studies;

/// <summary>
/// The rows of one seed, their labels turned into keys: columns Label (key), Cue (text) and what is learned from (Pixels, Features, Text).
/// </summary>
/// <param name="Train">What is trained on.</param>
/// <param name="Validation">Held-out rows: all that choosing may look at. In some studies the shortcut misleads on more of them.</param>
/// <param name="Test">The final figures' rows.</param>
internal sealed record StudyData(IDataView Train, IDataView Validation, IDataView Test)
{
    /// <summary>Keys the labels in alphabetical order over the classes named, whether or not every class is among the rows.</summary>
    public static StudyData From(MLContext ml, IReadOnlyList<string> classes, IDataView train, IDataView validation, IDataView test)
    {
        IDataView names = ml.Data.LoadFromEnumerable(classes.Order(StringComparer.Ordinal).Select(name => new ClassName { Label = name }));
        ITransformer keys = ml.Transforms.Conversion
            .MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue, keyData: names)
            .Fit(train);
        return new StudyData(keys.Transform(train), keys.Transform(validation), keys.Transform(test));
    }

    private sealed class ClassName
    {
        public string Label { get; set; } = "";
    }
}
