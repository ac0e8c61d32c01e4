using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a column says about a classifier's prediction.</summary>
internal enum Scored
{
    /// <summary>Class probabilities.</summary>
    Score,

    /// <summary>The most probable class, a key.</summary>
    PredictedLabel,

    /// <summary>The highest probability less the second highest.</summary>
    Margin,

    /// <summary>A class activation map, after its ReLU.</summary>
    ActivationMap,
}

/// <summary>An output column of a scored view.</summary>
/// <param name="Head">Which classifier: 0 is the network itself, 1 the first readout.</param>
/// <param name="Kind">What it says.</param>
/// <param name="Column">Name, type and annotations.</param>
internal sealed record ScoredColumn(int Head, Scored Kind, DataViewSchema.DetachedColumn Column)
{
    /// <summary>The class of an activation map; <see langword="null"/>: the predicted class of each row.</summary>
    public int? Class { get; init; }
}
