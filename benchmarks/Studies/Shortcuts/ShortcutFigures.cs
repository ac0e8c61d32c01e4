namespace Studies;

/// <summary>One search for shortcuts in some rows: a line of a file of figures.</summary>
internal sealed record ShortcutFigures
{
    /// <summary>The study.</summary>
    public required string Study { get; init; }

    /// <summary>
    /// Rows, epochs and what else all runs of the study share; <see langword="null"/> of a line that is older than this, which counts for
    /// no study's.
    /// </summary>
    public string? Conditions { get; init; }

    /// <summary>The seed of rows, training and clustering.</summary>
    public required int Seed { get; init; }

    /// <summary>Which rows were searched: train or test.</summary>
    public required string Split { get; init; }

    /// <summary>The network's accuracy on them.</summary>
    public required double Accuracy { get; init; }

    /// <summary>The group of label and attribute on which the network is worst.</summary>
    public required string WorstGroup { get; init; }

    /// <summary>The network's accuracy on it.</summary>
    public required double WorstAccuracy { get; init; }

    /// <summary>The share of all rows that are of it: the precision of rows drawn at random.</summary>
    public required double WorstShare { get; init; }

    /// <summary>The readout; "-balanced" where its classes count alike.</summary>
    public required string Readout { get; init; }

    /// <summary>The least margin of its errors.</summary>
    public required double MinMargin { get; init; }

    /// <summary>Clusters a pair of label and answer.</summary>
    public required int ClustersEach { get; init; }

    /// <summary>Clusters of the readout's confident errors.</summary>
    public required ClusterFigures Found { get; init; }

    /// <summary>Clusters of all errors of the network, the readout left aside.</summary>
    public required ClusterFigures Errors { get; init; }

    /// <summary>Clusters of the network's own errors of at least the same margin.</summary>
    public required ClusterFigures ConfidentErrors { get; init; }

    /// <summary>Clusters of random rows, as many as the readout's confident errors.</summary>
    public required ClusterFigures Random { get; init; }

    /// <summary>Steps of the training.</summary>
    public required int? Steps { get; init; }

    /// <summary>What made it.</summary>
    public required Provenance Made { get; init; }
}
