using System.Text;

namespace Studies;

/// <summary>
/// Reads comma-separated files with a header, in which fields may be quoted and then hold commas, quotes and line ends (RFC 4180); where a
/// name ends in <c>.tsv</c>, tabs separate.
/// </summary>
internal static class CsvFile
{
    /// <summary>The rows after the header.</summary>
    /// <param name="path">The file, plain or gzipped.</param>
    /// <param name="needed">Columns that it must have.</param>
    /// <exception cref="InvalidDataException">A column is missing, a row has another number of fields than the header, or a quote is left
    /// open.</exception>
    public static IEnumerable<CsvRow> Read(string path, params string[] needed)
    {
        using StreamReader reader = DataFile.OpenText(path);
        int line = 1;
        char separator = Path.GetFileName(path).Contains(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ',';
        if (Next(reader, separator, path, ref line) is not { } header)
            throw new InvalidDataException($"{path}: the file is empty; expected a header with {string.Join(", ", needed)}.");
        Dictionary<string, int> columns = [];
        for (int i = 0; i < header.Count; i++) columns.TryAdd(header[i].Trim(), i);
        string[] missing = [.. needed.Where(name => !columns.ContainsKey(name))];
        if (missing.Length > 0)
            throw new InvalidDataException($"{path}: no column {string.Join(", ", missing)}; the header has {string.Join(", ", header)}.");
        while (true)
        {
            int first = line;
            if (Next(reader, separator, path, ref line) is not { } fields) yield break;
            if (fields is [""]) continue; // an empty line
            if (fields.Count != header.Count)
                throw new InvalidDataException($"{path}, line {first}: {fields.Count} fields; the header has {header.Count}.");
            yield return new CsvRow(path, first, columns, fields);
        }
    }

    private static List<string>? Next(StreamReader reader, char separator, string path, ref int line)
    {
        if (reader.Peek() < 0) return null;
        int first = line;
        List<string> fields = [];
        var field = new StringBuilder();
        bool quoted = false;
        while (true)
        {
            int read = reader.Read();
            if (read < 0 && quoted) throw new InvalidDataException($"{path}, line {first}: a quote is left open.");
            if (read is '\n') line++;
            if (quoted)
            {
                if (read != '"') field.Append((char)read);
                else if (reader.Peek() == '"') field.Append((char)reader.Read());
                else quoted = false;
            }
            else if (read is '"')
            {
                quoted = true;
            }
            else if (read == separator || read is '\n' or < 0)
            {
                if (read != separator && field.Length > 0 && field[^1] == '\r') field.Length--;
                fields.Add(field.ToString());
                field.Clear();
                if (read != separator) return fields;
            }
            else
            {
                field.Append((char)read);
            }
        }
    }
}
