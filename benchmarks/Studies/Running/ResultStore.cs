namespace Studies;

/// <summary>Keeps the records of final runs in <c>results.jsonl</c>, one a line, each once: what <c>table</c> reads.</summary>
internal sealed class ResultStore
{
    /// <summary>The file's name.</summary>
    public const string FileName = "results.jsonl";

    private readonly List<Record> _records;
    private readonly HashSet<object> _known;
    private readonly string _file;

    /// <summary>Opens the store and reads what is there.</summary>
    /// <param name="folder">The folder; made when something is kept.</param>
    public ResultStore(string folder)
    {
        _file = Path.Combine(folder, FileName);
        _records = [.. JsonLines.Read<Record>(_file, Record.Line)];
        _known = [.. _records.Select(Identity)];
    }

    /// <summary>All that is kept, in the order in which it was made.</summary>
    public IReadOnlyList<Record> Records => _records;

    /// <summary>Keeps a record, unless it is there.</summary>
    public void Add(Record record)
    {
        if (!_known.Add(Identity(record))) return;
        _records.Add(record);
        JsonLines.Append(_file, record, Record.Line);
    }

    private static object Identity(Record record) =>
        (record.Study, record.Conditions, record.Method, record.Setting, record.SelectedBy, record.Seed);
}
