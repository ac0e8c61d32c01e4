using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class BertTokenizerTests
{
    private const int Room = 1024;

    private static readonly BertTokenizer _uncased = new(GoldenTexts.Vocabulary, Room, lowercase: true);

    [Fact]
    public void Texts_have_the_tokens_that_Hugging_Faces_tokenizer_gives_them()
    {
        var cased = new BertTokenizer(GoldenTexts.Vocabulary, Room, lowercase: false);
        foreach ((string text, int[] expected, int[] expectedCased) in GoldenTexts.Single())
        {
            Assert.Equal(expected, Pieces(_uncased, text));
            Assert.Equal(expectedCased, Pieces(cased, text));
        }
    }

    [Fact]
    public void Pairs_are_cut_and_joined_as_Hugging_Faces_tokenizer_does()
    {
        int cut = 0;
        Dictionary<int, BertTokenizer> tokenizers = GoldenTexts.Pairs().Select(pair => pair.MaxTokens).Distinct()
            .ToDictionary(most => most, most => new BertTokenizer(GoldenTexts.Vocabulary, most, lowercase: true));
        foreach ((string first, string second, int maxTokens, int[] tokens, int[] types) in GoldenTexts.Pairs())
        {
            var row = new int[maxTokens];
            EncodedText encoded = tokenizers[maxTokens].Encode(first, second, row);
            Assert.Equal(tokens, row[..encoded.Length]);
            Assert.All(row[encoded.Length..], token => Assert.Equal(0, token));
            bool isTruncated = Pieces(_uncased, first).Length + Pieces(_uncased, second).Length > maxTokens - 3;
            Assert.Equal(isTruncated, encoded.IsTruncated);
            cut += isTruncated ? 1 : 0;
            // The type of a token follows from the first [SEP]: no text has one.
            int end = Array.IndexOf(row, GoldenTexts.Vocabulary.Separator);
            Assert.Equal(types, Enumerable.Range(0, encoded.Length).Select(place => place <= end ? 0 : 1));
        }
        Assert.InRange(cut, 50, GoldenTexts.Pairs().Count - 20);
    }

    [Fact]
    public void All_sentences_of_MultiNLI_have_Hugging_Faces_tokens()
    {
        var tokenizer = new BertTokenizer(BertVocabulary.Load(RealData.Path("bert-vocab/bert-base-uncased-vocab.txt")), Room);
        string[] sentences = [.. NliSentences.Read().SelectMany(pair => pair)];
        Assert.Equal(19_630, sentences.Length);
        Assert.Equal(GoldenTexts.MultiNli(), sentences.Chunk(1000).Select(Digest));

        string Digest(string[] some)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (string sentence in some) hash.AppendData(MemoryMarshal.AsBytes(Pieces(tokenizer, sentence).AsSpan()));
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    [Fact]
    public void A_text_longer_than_the_row_loses_its_end_and_says_so()
    {
        const string text = "The quick brown fox jumps.";
        int[] whole = Pieces(_uncased, text);
        for (int maxTokens = BertTokenizer.FewestTokens; maxTokens < whole.Length + 4; maxTokens++)
        {
            int[] row = [.. Enumerable.Repeat(-1, maxTokens)];
            int kept = Math.Min(whole.Length, maxTokens - 2);
            Assert.Equal(
                new EncodedText(kept + 2, kept < whole.Length, IsEmpty: false),
                new BertTokenizer(GoldenTexts.Vocabulary, maxTokens, lowercase: true).Encode(text, row));
            int[] padding = new int[maxTokens - kept - 2];
            Assert.Equal([GoldenTexts.Vocabulary.Begin, .. whole[..kept], GoldenTexts.Vocabulary.Separator, .. padding], row);
        }
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData(" \t", "\n", true)]
    [InlineData("\u200b\u0000", "\ufffd", true)] // dropped, though no spaces
    [InlineData("", ".", false)]
    [InlineData("\ud83d\ude00", "", false)] // unknown, and a token
    public void Texts_are_empty_where_they_have_no_token(string first, string second, bool isEmpty)
    {
        int[] row = new int[Room];
        Assert.Equal(isEmpty, _uncased.Encode(first, second, row).IsEmpty);
        Assert.Equal(isEmpty, _uncased.Encode(first + second, row).IsEmpty);
        Assert.Equal(isEmpty, row.Count(token => token != 0) == 2);
    }

    [Fact]
    public void A_mark_that_a_user_writes_is_text_and_ends_nothing()
    {
        int[] row = new int[Room];
        int length = _uncased.Encode("[SEP] hi [PAD] [CLS]", row).Length;
        Assert.Equal(length - 1, Array.IndexOf(row, GoldenTexts.Vocabulary.Separator));
        Assert.Equal(0, Array.IndexOf(row, GoldenTexts.Vocabulary.Begin));
        Assert.Equal(0, Array.LastIndexOf(row, GoldenTexts.Vocabulary.Begin));
        Assert.Equal(length, Array.IndexOf(row, 0)); // 0 is padding alone
    }

    [Fact]
    public void No_text_makes_it_throw_and_half_a_surrogate_pair_is_dropped()
    {
        Assert.Equal(Pieces(_uncased, "the night"), Pieces(_uncased, "th\ud800e ni\udc00ght\udfff"));
        Assert.Empty(Pieces(_uncased, ""));
        Assert.Empty(Pieces(_uncased, default(ReadOnlyMemory<char>).Span));
        Assert.Empty(Pieces(_uncased, " \t\r\n\0\u0001\ufeff\ud800"));
        Assert.Equal([GoldenTexts.Vocabulary.Unknown], Pieces(_uncased, new string('a', 37_000)));
        Assert.Equal(100, Pieces(_uncased, new string('ß', 100)).Length);
        foreach (string text in RandomTexts.Draw(2_000, seed: 3))
            Assert.All(Pieces(_uncased, text), token => Assert.InRange(token, 1, GoldenTexts.Vocabulary.Size - 1));
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("az-Latn-AZ")]
    [InlineData("lt-LT")]
    public void The_culture_does_not_matter(string culture)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        try
        {
            Assert.Equal("ı", "I".ToLower(CultureInfo.GetCultureInfo("tr-TR"))); // such cultures are installed
            var tokenizer = new BertTokenizer(GoldenTexts.Vocabulary, Room, lowercase: true);
            foreach ((string text, int[] expected, _) in GoldenTexts.Single()) Assert.Equal(expected, Pieces(tokenizer, text));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Many_threads_may_use_one_tokenizer()
    {
        IReadOnlyList<(string Text, int[] Uncased, int[] Cased)> texts = GoldenTexts.Single();
        Parallel.For(0, 4 * texts.Count, i => Assert.Equal(texts[i % texts.Count].Uncased, Pieces(_uncased, texts[i % texts.Count].Text)));
    }

    private static int[] Pieces(BertTokenizer tokenizer, ReadOnlySpan<char> text)
    {
        var row = new int[Math.Max(text.Length, Room) + 2];
        int length = tokenizer.Encode(text, row).Length;
        return row[1..(length - 1)];
    }
}
