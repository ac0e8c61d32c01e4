namespace Microsoft.ML.EarlyReadout;

/// <summary>How often each class was predicted for each true class.</summary>
public sealed class ConfusionTable
{
    /// <summary>The classes in the order of the score's slots; classes of the data that the model does not know come last.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>
    /// Rows by [true class][predicted class], in the order of <see cref="Classes"/>.
    /// Rows without a prediction (<see cref="GroupMetrics.MissingPredictions"/>) are not in it.
    /// </summary>
    public required IReadOnlyList<IReadOnlyList<long>> Counts { get; init; }
}
