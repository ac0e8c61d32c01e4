namespace Studies;

/// <summary>All final runs of a study that share rows, epochs and criterion: what may be compared.</summary>
/// <param name="Study">The study.</param>
/// <param name="Conditions">The conditions.</param>
/// <param name="Records">The runs.</param>
internal sealed record ConditionRecords(string Study, string Conditions, IReadOnlyList<Record> Records)
{
    /// <summary>The methods, in the order in which they were recorded.</summary>
    public IReadOnlyList<MethodRecords> Methods { get; } = MethodRecords.Of(Records);

    /// <summary>Groups records, in the order in which they were recorded.</summary>
    public static IReadOnlyList<ConditionRecords> Of(IEnumerable<Record> records) =>
        [.. records.GroupBy(record => (record.Study, record.Conditions))
            .Select(group => new ConditionRecords(group.Key.Study, group.Key.Conditions, [.. group]))];
}
