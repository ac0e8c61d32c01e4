using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class BertTokenizerGraphTests
{
    private const string Vocabulary = "bert-vocab/bert-base-uncased-vocab.txt";
    private const int MaxBytes = 2 << 20;

    // What tries the seams: words of 100 and 101 letters, three letters of one character, marks, halves of surrogate pairs.
    private static readonly string[] _hard =
    [
        "", " ", "\0", "\ud800", "x\udc00y", "[SEP] [PAD]", "한국어 문장", "你好 world", "😀 smile😀x", "👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "مرحبا بالعالم", "שָׁלוֹם", "İstanbul", "a≠b",
        new string('a', 100), new string('a', 101), new string('각', 33) + "a", new string('각', 34), "e\u0301\u0301\u0301",
        "line\r\nends\ttabs\u2028separators", "\u202eright to left", "zero\u200bwidth", "a.b.c!?", "\ue000 \U000F0000 \U0010FFFF",
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Golden_texts_have_the_same_tokens_in_both_faces(bool lowercase)
    {
        using var session = new TokenizerSession(new BertTokenizer(GoldenTexts.Vocabulary, 64, lowercase), pairs: false);
        string[][] texts = [.. GoldenTexts.Single().Select(one => one.Text).Concat(_hard).Select(text => new[] { text })];
        session.AssertSame(texts);
        session.AssertSame(texts, batch: 1);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(64)]
    public void Pairs_have_the_same_tokens_in_both_faces(int maxTokens)
    {
        using var session = new TokenizerSession(new BertTokenizer(GoldenTexts.Vocabulary, maxTokens, lowercase: true), pairs: true);
        session.AssertSame(GoldenTexts.Pairs().Select(pair => new[] { pair.First, pair.Second }));
        session.AssertSame(_hard.SelectMany(first => _hard.Select(second => new[] { first, second })));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Twenty_thousand_random_texts_have_the_same_tokens_in_both_faces(bool lowercase)
    {
        using var session = new TokenizerSession(new BertTokenizer(GoldenTexts.Vocabulary, 64, lowercase), pairs: false);
        session.AssertSame(RandomTexts.Draw(20_000, seed: 7).Select(text => new[] { text }));
    }

    [Fact]
    public void All_rows_of_MultiNLI_have_the_same_tokens_in_both_faces()
    {
        var vocabulary = BertVocabulary.Load(RealData.Path(Vocabulary));
        using var pairs = new TokenizerSession(new BertTokenizer(vocabulary, 48), pairs: true);
        pairs.AssertSame(NliSentences.Read());
        using var single = new TokenizerSession(new BertTokenizer(vocabulary, 512), pairs: false);
        single.AssertSame(NliSentences.Read().SelectMany(pair => pair).Select(text => new[] { text }));
    }

    [Fact]
    public void A_text_of_37_000_characters_stands_beside_an_empty_one()
    {
        using var session = new TokenizerSession(new BertTokenizer(GoldenTexts.Vocabulary, 512, lowercase: true), pairs: false);
        string sentences = string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog. ", 823))[..37_000];
        session.AssertSame([[sentences], [""], [new string('x', 37_000)], ["fox"]]);
    }

    [Fact]
    public void A_batch_of_texts_without_a_piece_is_begin_and_end_alone()
    {
        using var session = new TokenizerSession(new BertTokenizer(GoldenTexts.Vocabulary, 16, lowercase: true), pairs: false);
        int[] nothing = [GoldenTexts.Vocabulary.Begin, GoldenTexts.Vocabulary.Separator];
        Assert.All(session.Run(["", "", ""]), row => Assert.Equal(nothing, row));
        Assert.Equal([nothing], session.Run([""]));
        Assert.Equal([nothing, nothing], session.Run(["\ud800\0", " "]));
    }

    [Fact]
    public void The_graph_of_berts_vocabulary_is_small()
    {
        var tokenizer = new BertTokenizer(BertVocabulary.Load(RealData.Path(Vocabulary)), 128);
        using var single = new TokenizerSession(tokenizer, pairs: false);
        Assert.InRange(single.Bytes.Length, 1, MaxBytes);
        using var pairs = new TokenizerSession(tokenizer, pairs: true);
        Assert.InRange(pairs.Bytes.Length, 1, MaxBytes); // both texts read one set of tables
    }

    [Fact]
    public void Stock_ML_NET_gives_the_graph_text_columns_whatever_is_in_them()
    {
        var tokenizer = new BertTokenizer(GoldenTexts.Vocabulary, 32, lowercase: true);
        using var session = new TokenizerSession(tokenizer, pairs: false);
        string?[] texts = [null, .. _hard, .. GoldenTexts.Single().Select(one => one.Text)];
        var context = new MLContext();
        IDataView rows = context.Data.LoadFromEnumerable(texts.Select(text => new TextRow { Text = text.AsMemory() }));
        IDataView named = context.Transforms.CopyColumns("first", "Text").Fit(rows).Transform(rows);
        // Of a graph in a stream ML.NET makes a copy that it never deletes.
        string graph = Path.Combine(Directory.CreateTempSubdirectory("tokenizer").FullName, "tokenizer.onnx");
        File.WriteAllBytes(graph, session.Bytes);
        float[][] tokens;
        using (var onnx = context.Transforms.ApplyOnnxModel(["tokens"], ["first"], graph).Fit(named))
            tokens = [.. onnx.Transform(named).GetColumn<float[]>("tokens")];
        Directory.Delete(Path.GetDirectoryName(graph)!, recursive: true);
        Assert.Equal(texts.Length, tokens.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            var row = new int[tokenizer.MaxTokens];
            int length = tokenizer.Encode(texts[i], row).Length;
            Assert.Equal(row[..length], tokens[i].Select(token => (int)token));
        }
    }

    private sealed class TextRow
    {
        public ReadOnlyMemory<char> Text { get; set; }
    }
}
