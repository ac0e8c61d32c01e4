namespace Microsoft.ML.EarlyReadout;

/// <summary>A group of a search's rows: how many there are to train and to validate on, and whether the shortcut misleads there.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Training">Training rows; <see langword="null"/> where their groups are not known.</param>
/// <param name="Validation">Validation rows.</param>
/// <param name="IsConflicting">As <see cref="SearchGroup.IsConflicting"/>.</param>
internal sealed record RowGroup(string Name, long? Training, long Validation, bool IsConflicting);

/// <summary>The groups of a search's rows, or the classes where the validation rows have no groups.</summary>
internal static class RowGroups
{
    // Adjusted residuals (Haberman, 1973) of independent columns are normal with deviation 1: one in forty is below by luck.
    private const double Deviations = 2;

    /// <summary>Counts the rows.</summary>
    public static IReadOnlyList<RowGroup> Of(TrainingSet training, TrainingSet validation)
    {
        bool byGroup = validation.Groups is not null, areCounted = !byGroup || training.Groups is not null;
        Dictionary<(string Label, string? Attribute), long> trained = areCounted ? Count(training, byGroup) : [];
        Dictionary<(string Label, string? Attribute), long> validated = Count(validation, byGroup);
        Dictionary<string, long> labels = Sums(group => group.Label), attributes = Sums(group => group.Attribute ?? "");
        IEnumerable<RowGroup> groups =
            from @group in trained.Keys.Union(validated.Keys)
            let rows = trained.GetValueOrDefault(@group)
            let ofLabel = (double)labels.GetValueOrDefault(@group.Label) / training.Count
            let ofAttribute = (double)attributes.GetValueOrDefault(@group.Attribute ?? "") / training.Count
            let expected = ofLabel * ofAttribute * training.Count
            let deviation = Math.Sqrt(expected * (1 - ofLabel) * (1 - ofAttribute))
            select new RowGroup(
                @group.Attribute is null ? @group.Label : GroupName.Of(@group.Label, @group.Attribute),
                areCounted ? rows : null,
                validated.GetValueOrDefault(@group),
                @group.Attribute is not null && rows < expected - (Deviations * deviation));
        // Two may have one name: label a with attribute "b, c", and label "a, b" with c. What runs report is by name too.
        return
        [
            .. from part in groups
               group part by part.Name into same
               select new RowGroup(
                   same.Key, areCounted ? same.Sum(each => each.Training) : null, same.Sum(each => each.Validation),
                   same.Any(each => each.IsConflicting)),
        ];

        Dictionary<string, long> Sums(Func<(string Label, string? Attribute), string> of) =>
            trained.GroupBy(each => of(each.Key)).ToDictionary(each => each.Key, each => each.Sum(group => group.Value));
    }

    /// <summary>Counts rows by label and attribute, or by label alone, in the order of the groups.</summary>
    private static Dictionary<(string Label, string? Attribute), long> Count(TrainingSet set, bool byGroup)
    {
        int[] of = byGroup ? set.Groups! : set.Labels;
        // Two groups may have one name, as those of a missing value and of the text "(missing)": here they are one.
        return Enumerable.Range(0, of.Length).GroupBy(row => of[row]).OrderBy(rows => rows.Key)
            .GroupBy(
                rows => (set.ClassNames[set.Labels[rows.First()]], byGroup ? Attribute(rows.First()) : null),
                rows => rows.LongCount())
            .ToDictionary(same => same.Key, same => same.Sum());

        string Attribute(int row) => GroupName.AttributesIn(set.GroupNames[of[row]], set.ClassNames[set.Labels[row]]);
    }
}
