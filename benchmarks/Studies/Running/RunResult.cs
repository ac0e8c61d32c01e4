namespace Studies;

/// <summary>What came out of one training.</summary>
internal sealed record RunResult
{
    /// <summary>Everything that the result depends on; equal keys, equal results.</summary>
    public required string Key { get; init; }

    /// <summary>Why there are no figures: the training diverged. Null where it did not.</summary>
    public string? Diverged { get; init; }

    /// <summary>Figures on the validation rows, by name.</summary>
    public IReadOnlyDictionary<string, double> Validation { get; init; } = new Dictionary<string, double>();

    /// <summary>Figures on the test rows, by name; empty in a search, which never looks at them.</summary>
    public IReadOnlyDictionary<string, double> Test { get; init; } = new Dictionary<string, double>();

    /// <summary>What the trainer logged about each epoch: losses, and how far forgetting went.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];

    /// <summary>
    /// The validation figure that chooses an epoch, epoch by epoch; empty where the model is another library's, or the run was kept before
    /// this was.
    /// </summary>
    public IReadOnlyList<double> Curve { get; init; } = [];

    /// <summary>
    /// What the training told at each validation; null where the model is another library's, or the run was kept before this was.
    /// </summary>
    public RunPoints? Points { get; init; }

    /// <summary>The arithmetic of training; null where the model is another library's, or the run was kept before this was.</summary>
    public string? Precision { get; init; }

    /// <summary>Seconds for reading, training and exporting.</summary>
    public double FitSeconds { get; init; }

    /// <summary>What made it; null where it was kept before this was.</summary>
    public Provenance? Made { get; init; }
}
