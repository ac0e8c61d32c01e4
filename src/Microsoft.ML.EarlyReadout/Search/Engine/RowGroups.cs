namespace Microsoft.ML.EarlyReadout;

/// <summary>A group of a search's rows: how many there are to train and to validate on, and whether the shortcut misleads there.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Training">Training rows.</param>
/// <param name="Validation">Validation rows.</param>
/// <param name="IsConflicting">As <see cref="SearchGroup.IsConflicting"/>.</param>
internal sealed record RowGroup(string Name, long Training, long Validation, bool IsConflicting);

/// <summary>The groups of a search's rows, or the classes where no groups are named.</summary>
internal static class RowGroups
{
    // Adjusted residuals (Haberman, 1973) of independent columns are normal with deviation 1: one in forty is below by luck.
    private const double Deviations = 2;

    /// <summary>Counts the rows.</summary>
    public static IReadOnlyList<RowGroup> Of(TrainingSet training, TrainingSet validation)
    {
        Dictionary<(string Label, string? Attribute), long> trained = Count(training), validated = Count(validation);
        Dictionary<string, long> labels = Sums(group => group.Label), attributes = Sums(group => group.Attribute ?? "");
        return
        [
            .. from @group in trained.Keys.Union(validated.Keys)
               let rows = trained.GetValueOrDefault(@group)
               let ofLabel = (double)labels.GetValueOrDefault(@group.Label) / training.Count
               let ofAttribute = (double)attributes.GetValueOrDefault(@group.Attribute ?? "") / training.Count
               let expected = ofLabel * ofAttribute * training.Count
               let deviation = Math.Sqrt(expected * (1 - ofLabel) * (1 - ofAttribute))
               select new RowGroup(
                   @group.Attribute is null ? @group.Label : GroupName.Of(@group.Label, @group.Attribute),
                   rows,
                   validated.GetValueOrDefault(@group),
                   @group.Attribute is not null && rows < expected - (Deviations * deviation)),
        ];

        Dictionary<string, long> Sums(Func<(string Label, string? Attribute), string> of) =>
            trained.GroupBy(each => of(each.Key)).ToDictionary(each => each.Key, each => each.Sum(group => group.Value));
    }

    /// <summary>Counts rows by label and attribute, in the order of the groups.</summary>
    private static Dictionary<(string Label, string? Attribute), long> Count(TrainingSet set)
    {
        int[] of = set.Groups ?? set.Labels;
        return Enumerable.Range(0, of.Length).GroupBy(row => of[row]).OrderBy(rows => rows.Key).ToDictionary(
            rows => (set.ClassNames[set.Labels[rows.First()]], set.Groups is null ? null : Attribute(rows.First())),
            rows => (long)rows.Count());

        string Attribute(int row) => GroupName.AttributesIn(set.GroupNames[of[row]], set.ClassNames[set.Labels[row]]);
    }
}
