namespace Microsoft.ML.EarlyReadout;

/// <summary>The output columns of a readout.</summary>
/// <param name="Name">The readout's name, which they start with.</param>
internal sealed record ReadoutColumns(string Name)
{
    /// <summary>The stage that the readout taps, where it is known.</summary>
    public int? Stage { get; init; }

    /// <summary>Class probabilities, <c>Vector&lt;Single, C&gt;</c>.</summary>
    public string Score => Name + ".Score";

    /// <summary>The predicted class, a key with the label's values.</summary>
    public string PredictedLabel => Name + ".PredictedLabel";

    /// <summary>The confidence margin: the highest probability less the second highest, Single.</summary>
    public string Margin => Name + ".Margin";

    /// <summary>All of them.</summary>
    public string[] All => [Score, PredictedLabel, Margin];
}
