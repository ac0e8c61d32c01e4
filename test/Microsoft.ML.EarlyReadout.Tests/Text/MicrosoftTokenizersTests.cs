using Microsoft.ML.EarlyReadout;
using Theirs = Microsoft.ML.Tokenizers;

namespace MLSieve.Tests;

/// <summary>Why the libraries have a tokeniser of their own: Microsoft.ML.Tokenizers gives other tokens than BERT was trained with. A
/// release of it that fails a test here is worth another look.</summary>
public sealed class MicrosoftTokenizersTests
{
    private static readonly BertTokenizer _ours = new(GoldenTexts.Vocabulary, 128, lowercase: true);

    private static readonly Theirs.BertTokenizer _theirs = Theirs.BertTokenizer.Create(
        Golden.Path("bert_tokenizer/vocab.txt"), new Theirs.BertOptions { RemoveNonSpacingMarks = true });

    [Theory]
    [InlineData("The quick brown fox jumps over the lazy dog.")]
    [InlineData("A naïve café in Zürich: off!")]
    [InlineData("你好 world")]
    public void The_two_agree_on_plain_text(string text) => Assert.Equal(Ours(text), TheirTokens(text));

    [Theory]
    [InlineData("$")]
    [InlineData("+")]
    [InlineData("=")]
    [InlineData("<")]
    [InlineData(">")]
    [InlineData("^")]
    [InlineData("|")]
    [InlineData("~")]
    [InlineData("€")]
    [InlineData("😀")]
    public void They_leave_out_symbols(string symbol)
    {
        string with = $"fox {symbol} dog";
        Assert.Equal(TheirTokens("fox dog"), TheirTokens(with));
        Assert.Equal(Ours("fox dog").Length + 1, Ours(with).Length);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\t")]
    public void They_join_the_words_of_two_lines(string between)
    {
        Assert.Equal(TheirTokens("foxdog"), TheirTokens($"fox{between}dog"));
        Assert.Equal(Ours("fox dog"), Ours($"fox{between}dog"));
    }

    [Fact]
    public void They_throw_at_half_a_surrogate_pair()
    {
        Assert.ThrowsAny<Exception>(() => TheirTokens("fox \ud83d dog"));
        Assert.Equal(Ours("fox dog"), Ours("fox \ud83d dog"));
    }

    private static int[] TheirTokens(string text) => [.. _theirs.EncodeToIds(text)];

    private static int[] Ours(string text)
    {
        var row = new int[_ours.MaxTokens];
        return row[.._ours.Encode(text, row).Length];
    }
}
