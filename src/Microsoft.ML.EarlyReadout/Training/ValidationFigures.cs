namespace Microsoft.ML.EarlyReadout;

/// <summary>How well a session's network does on the validation rows.</summary>
/// <param name="Score">The figure by which a point is kept.</param>
/// <param name="Groups">The rows by group, or by class where no groups are named.</param>
internal sealed record ValidationFigures(double Score, IReadOnlyList<ValidationGroup> Groups)
{
    /// <summary>Looks at the rows; <see langword="null"/> where no figure is asked for. Leaves the network in evaluation mode.</summary>
    public static ValidationFigures? Of(TrainingSession session, TrainingRows? rows)
    {
        SelectionMetric selection = session.Options.Selection;
        if (rows is null || selection == SelectionMetric.LastEpoch) return null;
        long[] predicted = Prediction.Classes(session, rows);
        int[] labels = [.. rows.Indices.Select(row => rows.Set.Labels[row])];
        int[] groups = rows.Set.Groups is { } all ? [.. rows.Indices.Select(row => all[row])] : [];
        (int[] parts, IReadOnlyList<string> names) = rows.Set.Groups is null
            ? (labels, rows.Set.ClassNames)
            : (groups, rows.Set.GroupNames);
        return new ValidationFigures(
            EpochSelection.Score(selection, predicted, labels, groups),
            [.. EpochSelection.Counts(predicted, labels, parts)
                .Select(part => new ValidationGroup(names[part.Key], part.Value.All, part.Value.Right))]);
    }
}
