using System.Globalization;
using System.Text.Json;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What Hugging Face's own tokeniser makes of texts: test/golden/bert_tokenizer.mjs.</summary>
internal static class GoldenTexts
{
    /// <summary>The vocabulary of the texts' tokens.</summary>
    public static BertVocabulary Vocabulary { get; } = BertVocabulary.Load(Golden.Path("bert_tokenizer/vocab.txt"));

    /// <summary>Texts with their tokens, without [CLS] and [SEP].</summary>
    public static IReadOnlyList<(string Text, int[] Uncased, int[] Cased)> Single()
    {
        using JsonDocument file = Golden.Json("bert_tokenizer/texts.json");
        return [.. file.RootElement.GetProperty("single").EnumerateArray()
            .Select(one => (Text(one, "text"), Numbers(one, "uncased"), Numbers(one, "cased")))];
    }

    /// <summary>Pairs of texts with their tokens and types, cut to the most tokens.</summary>
    public static IReadOnlyList<(string First, string Second, int MaxTokens, int[] Tokens, int[] Types)> Pairs()
    {
        using JsonDocument file = Golden.Json("bert_tokenizer/texts.json");
        return [.. file.RootElement.GetProperty("pairs").EnumerateArray().Select(pair => (
            Text(pair, "first"), Text(pair, "second"), pair.GetProperty("maxTokens").GetInt32(), Numbers(pair, "tokens"),
            Numbers(pair, "types")))];
    }

    /// <summary>By thousand sentences of MultiNLI, the SHA-256 of their tokens.</summary>
    public static IReadOnlyList<string> MultiNli()
    {
        using JsonDocument file = Golden.Json("bert_tokenizer/texts.json");
        return [.. file.RootElement.GetProperty("multiNli").GetProperty("digests").EnumerateArray().Select(digest => digest.GetString()!)];
    }

    /// <summary>What becomes of each character in lower-case mode. Hangul syllables are left out.</summary>
    public static IEnumerable<(int Character, IReadOnlyList<(CharacterKind Kind, int Character)> Parts)> Characters()
    {
        foreach (string line in File.ReadLines(Golden.Path("bert_tokenizer/characters.txt")))
        {
            string[] fields = line.Split(' ', 3);
            for (int character = Hex(fields[0]); character <= Hex(fields[1]); character++)
                yield return (character, Parts(fields[2], character));
        }
    }

    private static IReadOnlyList<(CharacterKind Kind, int Character)> Parts(string what, int character)
    {
        CharacterKind kind = what[0] == '!' ? CharacterKind.Alone : CharacterKind.Letter;
        return what.TrimStart('!') switch
        {
            "-" => [],
            "_" => [(CharacterKind.Space, 0)],
            "=" => [(kind, character)],
            var letters => [.. letters.Split(' ').Select(letter => (kind, Hex(letter)))],
        };
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int[] Numbers(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(number => number.GetInt32())];
}
