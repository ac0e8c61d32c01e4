using System.Globalization;

namespace Studies;

/// <summary>One row of a <see cref="CsvFile"/>; what is wrong with it is reported with file, line and column.</summary>
internal sealed class CsvRow(string path, int line, Dictionary<string, int> columns, List<string> fields)
{
    /// <summary>The field of a column.</summary>
    public string this[string column] => fields[columns[column]];

    /// <summary>The field of a column by its number, from 0.</summary>
    public string this[int column] => fields[column];

    /// <summary>The names of the file's columns.</summary>
    public IEnumerable<string> Columns => columns.Keys;

    /// <summary>Whether the file has a column.</summary>
    public bool Has(string column) => columns.ContainsKey(column);

    /// <summary>The name that belongs to the number 0, 1, … in a column.</summary>
    /// <exception cref="InvalidDataException">The field is no such number.</exception>
    public string Name(string column, IReadOnlyList<string> names) =>
        int.TryParse(this[column], NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < names.Count
            ? names[number]
            : throw Fault(column, $"a whole number from 0 to {names.Count - 1}");

    /// <summary>A number in a column; an empty field is 0.</summary>
    /// <exception cref="InvalidDataException">The field is no number.</exception>
    public double Number(string column) => this[column].Length == 0 ? 0
        : double.TryParse(this[column], NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number
        : throw Fault(column, "a number");

    /// <summary>What to throw where a field is not what it should be.</summary>
    public InvalidDataException Fault(string column, string expected) =>
        new($"{path}, line {line}: column {column} is '{this[column]}'; expected {expected}.");
}
