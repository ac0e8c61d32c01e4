using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Rows of one label that a readout confidently takes for one other class, and that the network sees as alike.
/// Immutable.</summary>
[Experimental(ExperimentalId.Shortcuts)]
public sealed class ShortcutCluster
{
    /// <summary>The true class of its rows.</summary>
    public required string Label { get; init; }

    /// <summary>The class that the readout takes them for.</summary>
    public required string ReadAs { get; init; }

    /// <summary>The places of its rows in the view, from 0: those nearest to the cluster's centre first.</summary>
    public required IReadOnlyList<long> Rows { get; init; }

    /// <summary>How many of them the network itself gets wrong.</summary>
    public required long ErrorCount { get; init; }

    /// <summary>The share of all errors of the network, in [0, 1], that are among its rows; 0 where the network makes none.</summary>
    public required double ErrorShare { get; init; }

    /// <summary>The network's accuracy on its rows, in [0, 1].</summary>
    public required double Accuracy { get; init; }

    /// <summary>The 95 % interval of <see cref="Accuracy"/> (Clopper and Pearson).</summary>
    public required ConfidenceInterval AccuracyInterval { get; init; }

    /// <summary>The network's accuracy on the other rows of the label; <see langword="null"/> where there are none.</summary>
    public required double? AccuracyElsewhere { get; init; }

    /// <summary>The mean confidence margin of the readout on its rows, in [0, 1].</summary>
    public required double MeanMargin { get; init; }

    /// <summary>What tells its rows from the other rows of the label, the most telling first; empty where no column does.</summary>
    public required IReadOnlyList<TellingValue> TellingValues { get; init; }
}
