namespace Microsoft.ML.EarlyReadout;

/// <summary>How often each class was predicted for each true class. Immutable.</summary>
public sealed class ConfusionTable
{
    private Dictionary<(int TrueClass, int PredictedClass), long>? _counts;

    /// <summary>The classes in the order of the score's slots; classes of the data that the model does not know come last.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>
    /// The pairs of true and predicted class that have rows, in the order of the true, then of the predicted class. Rows without a
    /// prediction (<see cref="GroupMetrics.MissingPredictions"/>) are not among them.
    /// </summary>
    public required IReadOnlyList<ConfusionCell> Cells { get; init; }

    /// <summary>The rows of one class that were predicted to be of one class; 0 where there are none.</summary>
    /// <param name="trueClass">The place of the true class in <see cref="Classes"/>.</param>
    /// <param name="predictedClass">The place of the predicted class in <see cref="Classes"/>.</param>
    public long this[int trueClass, int predictedClass] =>
        (_counts ??= Cells.ToDictionary(cell => (cell.TrueClass, cell.PredictedClass), cell => cell.Count))
            .GetValueOrDefault((trueClass, predictedClass));
}

/// <summary>The rows of one true class that were predicted to be of one class, in a <see cref="ConfusionTable"/>.</summary>
/// <param name="TrueClass">The place of the true class in <see cref="ConfusionTable.Classes"/>.</param>
/// <param name="PredictedClass">The place of the predicted class in <see cref="ConfusionTable.Classes"/>.</param>
/// <param name="Count">The rows; at least 1.</param>
public readonly record struct ConfusionCell(int TrueClass, int PredictedClass, long Count);
