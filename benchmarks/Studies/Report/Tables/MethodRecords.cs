namespace Studies;

/// <summary>The final runs of one method at one setting under one set of conditions, over seeds.</summary>
internal sealed class MethodRecords(IEnumerable<Record> records)
{
    private readonly Record[] _records = [.. records.OrderBy(record => record.Seed)];

    /// <summary>The method's name.</summary>
    public string Method => _records[0].Method;

    /// <summary>The setting, as it was given or chosen.</summary>
    public string Setting => _records[0].Setting;

    /// <summary>What chose the setting.</summary>
    public string SelectedBy => _records[0].SelectedBy;

    /// <summary>All runs, by seed.</summary>
    public IReadOnlyList<Record> Runs => _records;

    /// <summary>Those that came to an end.</summary>
    public IReadOnlyList<Record> Finished => [.. _records.Where(record => record.Diverged is null)];

    /// <summary>How many seeds, and how many of them diverged.</summary>
    public string Seeds => Finished.Count == Runs.Count ? $"{Runs.Count}" : $"{Finished.Count} ({Runs.Count - Finished.Count} diverged)";

    /// <summary>The methods of some records, in the order in which they were recorded.</summary>
    public static IReadOnlyList<MethodRecords> Of(IEnumerable<Record> records) =>
        [.. records.GroupBy(record => (record.Method, record.Setting, record.SelectedBy)).Select(method => new MethodRecords(method))];

    /// <summary>A test figure of the finished runs; empty where it was not taken.</summary>
    public IReadOnlyList<double> Values(string figure) =>
        [.. Finished.Where(record => record.Metrics.ContainsKey(figure)).Select(record => record.Metrics[figure])];

    /// <summary>Mean and spread of a test figure.</summary>
    public string Cell(string figure) => Values(figure) is { Count: > 0 } values ? Percentage.Spread(values) : "–";

    /// <summary>The mean of a test figure, or <see langword="null"/>.</summary>
    public double? Mean(string figure) => Values(figure) is { Count: > 0 } values ? values.Average() : null;
}
