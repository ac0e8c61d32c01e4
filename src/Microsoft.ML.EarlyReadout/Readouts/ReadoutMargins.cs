namespace Microsoft.ML.EarlyReadout;

/// <summary>How sure a readout was when its training ended: what the margins of later rows are compared with. Saved with the
/// model.</summary>
/// <param name="Name">The readout's name.</param>
/// <param name="Right">The margins of the rows that it read rightly.</param>
/// <param name="Wrong">The margins of the rows that it read wrongly.</param>
internal sealed record ReadoutMargins(string Name, MarginDistribution Right, MarginDistribution Wrong)
{
    // Enough to tell distributions apart, and seconds at most for large images: about what a validation takes.
    private const int MostRows = 2048;

    /// <summary>The margins of a session's readouts on its validation rows, or on its training rows where it has none; on some of them,
    /// evenly spread, where there are very many. Leaves the network in evaluation mode.</summary>
    public static IReadOnlyList<ReadoutMargins> Of(TrainingSession session)
    {
        if (session.Readouts.Count == 0) return [];
        TrainingRows rows = (session.Validation ?? session.Training).Sample(MostRows);
        var margins = new float[session.Readouts.Count][];
        var wrong = new bool[session.Readouts.Count][];
        for (int i = 0; i < margins.Length; i++) (margins[i], wrong[i]) = (new float[rows.Indices.Length], new bool[rows.Indices.Length]);

        ReadoutProbabilities.ForEach(session, rows, session.Readouts, (readout, row, probabilities) =>
        {
            margins[readout][row] = ConfidenceMargin.Of(probabilities);
            wrong[readout][row] = ReadoutWeighting.IsWrong(probabilities, rows.Set.Labels[rows.Indices[row]]);
        });
        return [.. session.Readouts.Select((readout, index) => new ReadoutMargins(
            readout.Name,
            MarginDistribution.Of([.. margins[index].Where((_, row) => !wrong[index][row])]),
            MarginDistribution.Of([.. margins[index].Where((_, row) => wrong[index][row])])))];
    }
}
