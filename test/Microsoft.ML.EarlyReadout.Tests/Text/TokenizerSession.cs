using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>A tokeniser's graph in ONNX Runtime, and its C# face beside it.</summary>
internal sealed class TokenizerSession : IDisposable
{
    private const int FloatType = 1;

    private readonly BertTokenizer _tokenizer;
    private readonly InferenceSession _session;
    private readonly string[] _inputs;

    public TokenizerSession(BertTokenizer tokenizer, bool pairs)
    {
        _tokenizer = tokenizer;
        _inputs = pairs ? ["first", "second"] : ["first"];
        var graph = new OnnxGraph("tokenizer");
        string[] texts = [.. _inputs.Select(graph.TextInput)];
        string tokens = tokenizer.Export(graph, texts[0], texts.ElementAtOrDefault(1));
        graph.Output(graph.Node("Cast", [tokens], ("to", FloatType)), "tokens", OnnxGraph.AnySize);
        Bytes = graph.ToBytes();
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(Bytes, options);
    }

    /// <summary>The graph.</summary>
    public byte[] Bytes { get; }

    /// <summary>The tokens of each row, as long as the batch's longest.</summary>
    /// <param name="columns">The texts, column by column.</param>
    public int[][] Run(params IReadOnlyList<string>[] columns)
    {
        OrtValue[] inputs = [.. columns.Select(Column)];
        try
        {
            using var options = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, _inputs, inputs, ["tokens"]);
            int length = (int)outputs[0].GetTensorTypeAndShape().Shape[1];
            ReadOnlySpan<float> tokens = outputs[0].GetTensorDataAsSpan<float>();
            var rows = new int[columns[0].Count][];
            for (int row = 0; row < rows.Length; row++)
                rows[row] = [.. tokens.Slice(row * length, length).ToArray().Select(token => (int)token)];
            return rows;
        }
        finally
        {
            foreach (OrtValue input in inputs) input.Dispose();
        }
    }

    /// <summary>Holds the graph's rows to the C# face's, batch by batch.</summary>
    public void AssertSame(IEnumerable<string[]> rows, int batch = 64)
    {
        foreach (string[][] chunk in rows.Chunk(batch))
        {
            int[][] own = [.. chunk.Select(Encode)];
            int[][] tokens = Run([.. Enumerable.Range(0, _inputs.Length).Select(column => chunk.Select(row => row[column]).ToArray())]);
            Assert.Equal(own.Max(row => row.Length), tokens[0].Length); // a batch is as long as its longest row
            for (int i = 0; i < chunk.Length; i++)
                Assert.True(own[i].SequenceEqual(Trim(tokens[i])), $"{string.Join(" | ", chunk[i])}\n"
                    + $"C#:    {string.Join(' ', own[i])}\ngraph: {string.Join(' ', tokens[i])}");
        }
    }

    public void Dispose() => _session.Dispose();

    private int[] Encode(string[] texts)
    {
        var row = new int[_tokenizer.MaxTokens];
        int length = (texts is [var first, var second]
            ? _tokenizer.Encode(first, second, row)
            : _tokenizer.Encode(texts[0], row)).Length;
        Assert.All(row[length..], token => Assert.Equal(0, token));
        return row[..length];
    }

    private static int[] Trim(int[] row) => row[..(Array.FindLastIndex(row, token => token != 0) + 1)];

    private static OrtValue Column(IReadOnlyList<string> texts)
    {
        OrtValue column = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [texts.Count, 1]);
        for (int i = 0; i < texts.Count; i++) column.StringTensorSetElementAt(texts[i].AsSpan(), i);
        return column;
    }
}
