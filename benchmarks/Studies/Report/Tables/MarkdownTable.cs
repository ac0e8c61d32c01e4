using System.Text;

namespace Studies;

/// <summary>A table in Markdown.</summary>
internal sealed class MarkdownTable(params IReadOnlyList<string> header)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    /// <summary>Adds a row with a cell for each column of the header.</summary>
    public void Add(params IReadOnlyList<string> cells) => _rows.Add(cells);

    /// <summary>Whether a row was added.</summary>
    public bool HasRows => _rows.Count > 0;

    /// <summary>The lines of the table.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(Line(header)).Append(Line([.. header.Select(_ => "---")]));
        foreach (IReadOnlyList<string> row in _rows) text.Append(Line(row));
        return text.ToString();
    }

    private static string Line(IReadOnlyList<string> cells) => $"| {string.Join(" | ", cells)} |\n";
}
