namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What a weights file puts before a network's names, such as <c>module.</c> (a wrapper for several GPUs) or
/// <c>backbone.</c> (a larger model that the network was part of).
/// </summary>
internal static class WeightsPrefix
{
    private const int Longest = 100;
    private const int Shown = 5;

    /// <summary>The prefix under which the file has most of the names, more than half; empty where no prefix is as good.</summary>
    /// <param name="file">The file.</param>
    /// <param name="names">The names of parameters and statistics without those of the head.</param>
    /// <exception cref="InvalidDataException">The file has all the names under several prefixes, and not without one.</exception>
    public static string Of(IWeightsFile file, IReadOnlySet<string> names)
    {
        var hits = new Dictionary<string, int>(StringComparer.Ordinal) { [""] = file.Names.Count(names.Contains) };
        foreach (string name in file.Names)
        {
            for (int dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0 && dot < Longest; dot = name.IndexOf('.', dot + 1))
            {
                if (!names.Contains(name[(dot + 1)..])) continue;
                string prefix = name[..(dot + 1)];
                hits[prefix] = hits.GetValueOrDefault(prefix) + 1;
            }
        }

        if (hits[""] == names.Count) return "";
        string[] whole = [.. hits.Where(entry => entry.Value == names.Count).Select(entry => entry.Key).Order(StringComparer.Ordinal)];
        if (whole.Length > 1)
        {
            string shown = string.Join(", ", whole.Take(Shown).Select(prefix => $"'{Excerpt.Of(prefix)}'"));
            throw new InvalidDataException($"'{file.Path}' has the network's weights several times, under the prefixes {shown}. "
                + "Keep one of them in the file: with Python, d = load_file(…), "
                + "save_file({n: t for n, t in d.items() if n.startswith(…)}, …).");
        }

        (string best, int most) = hits.MaxBy(entry => entry.Value); // of equals the first, which is the empty one
        return 2 * most > names.Count ? best : "";
    }
}
