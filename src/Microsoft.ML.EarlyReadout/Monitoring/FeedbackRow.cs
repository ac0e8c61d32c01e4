using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A labelled row that a served model has scored, by the names of its values: batches may key them differently.</summary>
internal sealed class FeedbackRow
{
    public string Label { get; init; } = "";

    public string Group { get; init; } = "";

    public string PredictedLabel { get; init; } = "";

    /// <summary>(C).</summary>
    public float[] Score { get; init; } = [];

    /// <summary>Of each readout that is compared with its training: its margin, and whether it is wrong.</summary>
    [NoColumn]
    public (float Margin, bool Wrong)[] Readouts { get; init; } = [];
}
