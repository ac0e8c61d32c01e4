namespace Microsoft.ML.EarlyReadout;

/// <summary>How many rows of a label there are.</summary>
internal sealed class LabelCount
{
    /// <summary>The rows.</summary>
    public long Rows { get; set; }

    /// <summary>Those that the network gets wrong.</summary>
    public long Errors { get; set; }
}
