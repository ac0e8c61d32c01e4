namespace Microsoft.ML.EarlyReadout;

/// <summary>A row that a readout gets confidently wrong.</summary>
/// <param name="Index">Its place in the view.</param>
/// <param name="Label">Its true class.</param>
/// <param name="ReadAs">The readout's.</param>
/// <param name="Margin">The readout's confidence margin.</param>
/// <param name="IsError">Whether the network is wrong, too.</param>
internal sealed record SuspectRow(long Index, int Label, int ReadAs, float Margin, bool IsError);
