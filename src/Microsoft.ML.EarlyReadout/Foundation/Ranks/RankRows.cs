namespace Microsoft.ML.EarlyReadout;

/// <summary>Which rows of those that all ranks pass through the network at once are this rank's: what is drawn at random is drawn for
/// all, so that it does not depend on the number of ranks.</summary>
internal sealed class RankRows
{
    /// <summary>The place of this rank's first row among them.</summary>
    public long Start { get; set; }

    /// <summary>The rows of all ranks; <see langword="null"/>: this rank's are all.</summary>
    public long? Whole { get; set; }
}
