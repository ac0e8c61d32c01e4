using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Serve;

/// <summary>The names of a model's classes, in the order of their scores.</summary>
internal static class ClassNames
{
    /// <summary>Reads the names of the score's slots, which ML.NET gives to labels of text; of other labels their values; 0, 1, … where
    /// the label's key had none.</summary>
    /// <exception cref="NotSupportedException">The column has no score for each class.</exception>
    public static string[] Of(DataViewSchema.Column score) =>
        score.Type is VectorDataViewType { IsKnownSize: true } scores
            ? Read(score, "SlotNames") ?? Read(score, "TrainingLabelValues")
                ?? [.. Enumerable.Range(0, scores.Size).Select(each => each.ToString(CultureInfo.InvariantCulture))]
            : throw new NotSupportedException("The column 'Score' of the model has no number for each class.");

    private static string[]? Read(DataViewSchema.Column score, string kind) =>
        score.Annotations.Schema.GetColumnOrNull(kind)?.Type is not VectorDataViewType type ? null
            : (string[])typeof(ClassNames).GetMethod(nameof(Texts), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(type.ItemType.RawType)
                .Invoke(null, [score.Annotations, kind])!;

    private static string[] Texts<T>(DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> values = default;
        annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
    }
}
