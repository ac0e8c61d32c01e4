using System.IO.Compression;
using System.Text.Json;

namespace MLSieve.Tests;

/// <summary>The sentences of MultiNLI's matched development set.</summary>
internal static class NliSentences
{
    /// <summary>Premise and hypothesis of each row.</summary>
    public static IReadOnlyList<string[]> Read()
    {
        using FileStream packed = File.OpenRead(RealData.Path("nli/mnli-dev.jsonl.gz"));
        using var file = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        List<string[]> pairs = [];
        while (file.ReadLine() is { } line)
        {
            using JsonDocument row = JsonDocument.Parse(line);
            pairs.Add([row.RootElement.GetProperty("premise").GetString()!, row.RootElement.GetProperty("hypothesis").GetString()!]);
        }
        return pairs;
    }
}
