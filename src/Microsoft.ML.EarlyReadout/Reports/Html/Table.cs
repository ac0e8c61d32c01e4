namespace Microsoft.ML.EarlyReadout;

/// <summary>A table whose first column and first row say what the cells are.</summary>
internal static class Table
{
    /// <param name="caption">What it is; shown above it.</param>
    /// <param name="header">The columns.</param>
    /// <param name="rows">For each row its header and its cells.</param>
    public static Markup Of(string caption, IEnumerable<string> header, IEnumerable<IReadOnlyList<Markup>> rows) =>
        Of(caption, [.. header.Select(Cell)], rows);

    /// <inheritdoc cref="Of(string, IEnumerable{string}, IEnumerable{IReadOnlyList{Markup}})"/>
    public static Markup Of(string caption, IReadOnlyList<Markup> header, IEnumerable<IReadOnlyList<Markup>> rows) => Markup.Of($"""
        <div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table>
        <caption>{caption}</caption>
        <thead><tr>{header.Select(text => Markup.Of($"<th scope=\"col\">{text}</th>"))}</tr></thead>
        <tbody>{rows.Select(Row)}</tbody>
        </table></div>

        """);

    /// <summary>A cell of text.</summary>
    public static Markup Cell(string text) => Markup.Of($"{text}");

    /// <summary>A cell of a share as percent, or a dash.</summary>
    public static Markup Percent(double? share) => share is { } value ? Markup.Of($"{100 * value:F1}") : new Markup("–");

    private static Markup Row(IReadOnlyList<Markup> cells) =>
        Markup.Of($"<tr><th scope=\"row\">{cells[0]}</th>{cells.Skip(1).Select(cell => Markup.Of($"<td>{cell}</td>"))}</tr>\n");
}
