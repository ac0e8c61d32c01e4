using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class BertTokenizerGraphTests
{
    private const string Vocabulary = "bert-vocab/bert-base-uncased-vocab.txt";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Twenty_thousand_random_texts_have_the_same_tokens_in_both_faces(bool lowercase)
    {
        var tokenizer = new BertTokenizer(BertVocabulary.Load(RealData.Path(Vocabulary)), 64, lowercase);
        using var session = new TokenizerSession(tokenizer, pairs: false);
        session.AssertSame(RandomTexts.Draw(20_000, seed: 7).Select(text => new[] { text }));
    }

    [Fact]
    public void Every_row_of_MultiNLI_has_the_same_tokens_in_both_faces_as_a_pair()
    {
        var tokenizer = new BertTokenizer(BertVocabulary.Load(RealData.Path(Vocabulary)), 48);
        using var session = new TokenizerSession(tokenizer, pairs: true);
        session.AssertSame(NliSentences.Read());
    }
}
