using System.Text;
using System.Text.Json;

namespace Studies;

/// <summary>A file of JSON values, one a line, that a process may be stopped while it appends to.</summary>
internal static class JsonLines
{
    /// <summary>
    /// The values; none where there is no file. A line that a stopped process left half written is reported and passed over.
    /// </summary>
    public static IEnumerable<T> Read<T>(string file, JsonSerializerOptions? form = null)
        where T : class
    {
        if (!File.Exists(file)) yield break;
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            if (line.Length == 0) continue;
            if (Parse<T>(line, form) is { } value) yield return value;
            else Console.Error.WriteLine($"{file}, line {number}: not a whole {typeof(T).Name}, passed over.");
        }
    }

    /// <summary>Appends a value on a line of its own, whatever the file ends in; the folder is made where it is missing.</summary>
    public static void Append<T>(string file, T value, JsonSerializerOptions? form = null) =>
        AppendAll<T>(file, [value], form);

    /// <summary>
    /// Appends values on lines of their own in one write, so that a process that is stopped leaves, as a rule, all of them or none.
    /// </summary>
    public static void AppendAll<T>(string file, IEnumerable<T> values, JsonSerializerOptions? form = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        bool torn = false;
        if (stream.Length > 0)
        {
            stream.Seek(-1, SeekOrigin.End);
            torn = stream.ReadByte() != '\n';
        }

        string lines = string.Concat(values.Select(value => JsonSerializer.Serialize(value, form) + "\n"));
        stream.Write(Encoding.UTF8.GetBytes((torn ? "\n" : "") + lines));
        stream.Flush(flushToDisk: true);
    }

    private static T? Parse<T>(string line, JsonSerializerOptions? form)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, form);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
