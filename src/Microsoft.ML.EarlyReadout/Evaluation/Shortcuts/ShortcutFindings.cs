using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Where a shortcut may mislead a classifier, found without groups: clusters of the rows that an early readout gets confidently wrong,
/// those first that hold most of the network's errors. Immutable.
/// </summary>
/// <remarks>Made by <c>mlContext.MulticlassClassification.FindShortcuts</c>. A cluster is a suspicion: look at its rows.</remarks>
[Experimental(ExperimentalId.Shortcuts)]
public sealed class ShortcutFindings
{
    /// <summary>The readout whose errors are clustered.</summary>
    public required string ReadoutName { get; init; }

    /// <summary>The least margin of an error that counts.</summary>
    public required double MinMargin { get; init; }

    /// <summary>Rows with a label.</summary>
    public required long RowCount { get; init; }

    /// <summary>Those of them that the network gets wrong.</summary>
    public required long ErrorCount { get; init; }

    /// <summary>Those of them that the readout gets wrong with at least <see cref="MinMargin"/>; more may be found than are
    /// clustered.</summary>
    public required long SuspectCount { get; init; }

    /// <summary>Suspects in no cluster: beyond the most rows, or in clusters that would be too small.</summary>
    public long UnclusteredCount => SuspectCount - Clusters.Sum(cluster => (long)cluster.Rows.Count);

    /// <summary>The clusters, by their share of the network's errors, then by their rows.</summary>
    public required IReadOnlyList<ShortcutCluster> Clusters { get; init; }

    /// <summary>The findings as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ResultJson.Form);

    /// <summary>The findings as a table of plain text.</summary>
    public override string ToString() => ShortcutTable.Render(this);
}
