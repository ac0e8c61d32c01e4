using System.Text.Json;

namespace Studies;

/// <summary>
/// Reads MultiNLI's jsonl files: with premise, hypothesis and label, or with sentence1, sentence2 and gold_label, where <c>-</c> marks
/// pairs without a majority, which are left out. The split is each file's own, or what <c>metadata_random.csv</c> or
/// <c>metadata_preset.csv</c> says of its rows, which it numbers over the published files.
/// </summary>
internal static class MultiNliReader
{
    private const string NoMajority = "-";
    private static readonly string[] Labels = ["contradiction", "entailment", "neutral"];
    private static readonly string[] Attributes = ["no negation", "negation"];
    private static readonly HashSet<string> Negations = ["nobody", "no", "never", "nothing"];
    private static readonly string[] PublishedFiles =
    [
        "multinli_1.0_train.jsonl",
        "multinli_1.0_dev_matched.jsonl",
        "multinli_1.0_dev_mismatched.jsonl",
    ];

    public static DataSet Read(string folder)
    {
        bool hasMetadata = Directory.EnumerateFiles(folder, "metadata*.csv*").Any();
        return new DataSet("MultiNLI", folder, hasMetadata ? FromMetadata(folder) : FromFiles(folder));
    }

    private static IEnumerable<Example> FromMetadata(string folder)
    {
        string metadata = DataFile.Find(folder, "metadata_random.csv", "metadata_preset.csv", "metadata.csv");
        Pair[] pairs = [.. PublishedFiles.SelectMany(name => Pairs(DataFile.Find(folder, name)))];
        foreach (CsvRow row in CsvFile.Read(metadata, "gold_label", "sentence2_has_negation", "split"))
        {
            if (!int.TryParse(row[0], out int number) || number < 0 || number >= pairs.Length)
                throw new InvalidDataException(
                    $"{metadata}: row '{row[0]}' is none of the {pairs.Length} pairs in {string.Join(", ", PublishedFiles)}.");
            string label = row.Name("gold_label", Labels);
            if (pairs[number].Label != label)
                throw row.Fault(
                    "gold_label", $"{Array.IndexOf(Labels, pairs[number].Label)} ({pairs[number].Label}), the label of pair {number}");
            yield return pairs[number].ToExample(row.Name("sentence2_has_negation", Attributes), row.Name("split", Splits.ByNumber));
        }
    }

    private static IEnumerable<Example> FromFiles(string folder) =>
        from path in Directory.EnumerateFiles(folder, "*.jsonl*").Order(StringComparer.Ordinal)
        let name = Path.GetFileName(path)
        // as the preset split has it
        let split = name.Contains("mismatched", StringComparison.OrdinalIgnoreCase) ? Splits.Test : Splits.OfName(name)
        from pair in Pairs(path)
        where pair.Label != NoMajority
        select pair.ToExample(Attributes[HasNegation(pair.Hypothesis) ? 1 : 0], split);

    // Words as the metadata's authors cut them: without punctuation, at blanks.
    private static bool HasNegation(string hypothesis) =>
        new string([.. hypothesis.Where(letter => !char.IsAscii(letter) || !(char.IsPunctuation(letter) || char.IsSymbol(letter)))])
            .ToLowerInvariant().Split(' ').Any(Negations.Contains);

    private static IEnumerable<Pair> Pairs(string path)
    {
        using StreamReader reader = DataFile.OpenText(path);
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            if (text.Length == 0) continue;
            yield return Parse(text, path, line);
        }
    }

    private static Pair Parse(string text, string path, int line)
    {
        try
        {
            using JsonDocument pair = JsonDocument.Parse(text);
            string Field(string name, string published) =>
                (pair.RootElement.TryGetProperty(name, out JsonElement field) || pair.RootElement.TryGetProperty(published, out field))
                    && field.GetString() is { } value
                    ? value
                    : throw new InvalidDataException($"{path}, line {line}: neither {name} nor {published}.");
            string label = Field("label", "gold_label");
            return label == NoMajority || Labels.Contains(label)
                ? new Pair(Field("premise", "sentence1"), Field("hypothesis", "sentence2"), label)
                : throw new InvalidDataException(
                    $"{path}, line {line}: the label is '{label}'; expected {string.Join(", ", Labels)} or {NoMajority}.");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}, line {line}: not a JSON object of texts ({fault.Message})", fault);
        }
    }

    private sealed record Pair(string Premise, string Hypothesis, string Label)
    {
        public Example ToExample(string attribute, string split) => new(Label, attribute, split) { Text = Premise, TextPair = Hypothesis };
    }
}
