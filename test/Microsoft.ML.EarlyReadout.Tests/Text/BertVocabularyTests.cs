using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class BertVocabularyTests
{
    private static readonly string[] _marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];

    [Fact]
    public void A_vocabulary_numbers_its_tokens_by_their_lines()
    {
        var vocabulary = BertVocabulary.Load(RealData.Path("bert-vocab/bert-base-uncased-vocab.txt"));
        Assert.Equal(30_522, vocabulary.Size);
        Assert.Equal((100, 101, 102), (vocabulary.Unknown, vocabulary.Begin, vocabulary.Separator));
        Assert.Equal("hello", vocabulary.Tokens[7592]);
        Assert.DoesNotContain("Hello", vocabulary.Tokens);
        Assert.False(vocabulary.IsCased);
    }

    [Fact]
    public void Upper_case_letters_outside_marks_make_a_vocabulary_cased()
    {
        Assert.False(new BertVocabulary([.. _marks, "[MASK]", "hello", "ℝ"], "here").IsCased);
        Assert.True(new BertVocabulary([.. _marks, "Hello"], "here").IsCased);
        Assert.False(new BertTokenizer(new BertVocabulary([.. _marks, "Hello"], "here"), 8).Lowercase);
        Assert.True(new BertTokenizer(new BertVocabulary([.. _marks, "hello"], "here"), 8).Lowercase);
    }

    [Fact]
    public void A_missing_file_is_an_error_that_names_it() =>
        Assert.Contains("no vocabulary 'nowhere/vocab.txt'",
            Assert.Throws<FileNotFoundException>(() => BertVocabulary.Load("nowhere/vocab.txt")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_no_vocabulary_is_an_error_that_says_what_to_give()
    {
        string path = Golden.Path("gains.json");
        string message = Assert.Throws<InvalidDataException>(() => BertVocabulary.Load(path)).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains("vocab.txt of a BERT model", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("has no [PAD], [SEP]", "[UNK]", "[CLS]", "a")]
    [InlineData("has no [UNK], [CLS]", "[PAD]", "[SEP]", "a", "a")]
    [InlineData("has the token 'a' twice, in lines 5 and 7", "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "a")]
    [InlineData("has [PAD] in line 2; it must be the first", "[UNK]", "[PAD]", "[CLS]", "[SEP]")]
    public void A_faulty_vocabulary_is_an_error_that_names_the_fault(string fault, params string[] tokens) =>
        Assert.Contains($"The vocabulary here {fault}",
            Assert.Throws<InvalidDataException>(() => new BertVocabulary(tokens, "here")).Message, StringComparison.Ordinal);
}
