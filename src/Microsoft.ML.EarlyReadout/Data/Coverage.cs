using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Which groups the training rows or the validation rows lack: a figure for the worst group leaves such a group out. Classes, where the
/// groups of either are not known.
/// </summary>
internal static class Coverage
{
    private const int Named = 10;

    /// <summary>What the user should know, as sentences; none where both parts have rows of each.</summary>
    /// <param name="training">The rows to train on.</param>
    /// <param name="validation">The rows to select an epoch by.</param>
    public static IEnumerable<string> Findings(TrainingRows training, TrainingRows validation)
    {
        bool byGroup = training.Set.Groups is not null && validation.Set.Groups is not null;
        Dictionary<string, int> trained = Counts(training, byGroup), validated = Counts(validation, byGroup);
        string what = byGroup ? "groups" : "classes";
        string[] unseen = [.. trained.Keys.Except(validated.Keys)], untrained = [.. validated.Keys.Except(trained.Keys)];
        if (unseen.Length > 0)
        {
            yield return FormattableString.Invariant($"There are no validation rows for {unseen.Length} of {trained.Count} {what}, ")
                + $"so no validation figure counts them: {List(unseen, trained, "training")}.";
        }
        if (untrained.Length > 0)
        {
            yield return FormattableString.Invariant($"There are no training rows for {untrained.Length} of {validated.Count} {what} ")
                + $"of the validation rows: {List(untrained, validated, "validation")}.";
        }
    }

    private static Dictionary<string, int> Counts(TrainingRows rows, bool byGroup)
    {
        TrainingSet set = rows.Set;
        (int[] of, IReadOnlyList<string> names) = byGroup ? (set.Groups!, set.GroupNames) : (set.Labels, set.ClassNames);
        var counts = new Dictionary<string, int>();
        foreach (long row in rows.Indices)
            CollectionsMarshal.GetValueRefOrAddDefault(counts, names[of[row]], out _)++;
        return counts;
    }

    private static string List(string[] names, Dictionary<string, int> counts, string part) =>
        string.Join(", ", names.Take(Named).Select(name => FormattableString.Invariant($"'{name}' ({part} rows: {counts[name]})")))
        + (names.Length > Named ? ", …" : "");
}
