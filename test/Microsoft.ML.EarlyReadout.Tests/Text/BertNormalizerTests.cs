using System.Globalization;
using System.Text;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class BertNormalizerTests
{
    // Their tables are of an older Unicode than .NET's, and their lower case of a newer one.
    private const int MostDifferences = 700;
    private const int NewMark = 0x111C9; // it was punctuation until Unicode 11

    [Fact]
    public void Every_character_becomes_what_Hugging_Face_makes_of_it_unless_one_of_the_two_does_not_know_it()
    {
        List<int> differences = [];
        foreach ((int character, IReadOnlyList<(CharacterKind, int)> parts) in GoldenTexts.Characters())
        {
            IReadOnlyList<(CharacterKind, int)> own = BertNormalizer.Parts(character, lowercase: true);
            if (own.SequenceEqual(parts)) continue;
            if (character > char.MaxValue && CharUnicodeInfo.GetUnicodeCategory(character) == UnicodeCategory.PrivateUse)
            {
                Assert.Equal([(CharacterKind.Letter, character)], own); // they drop it
                continue;
            }
            IReadOnlyList<(CharacterKind, int)> unknown = [(CharacterKind.Letter, character)];
            Assert.True(character == NewMark || own.SequenceEqual(unknown) || parts.SequenceEqual(unknown), $"{character:X}");
            differences.Add(character);
        }
        Assert.InRange(differences.Count, 0, MostDifferences);
        Assert.DoesNotContain(differences, character => character < 0x600); // none in Latin, Greek, Cyrillic, Hebrew
    }

    [Fact]
    public void A_Hangul_syllable_is_the_letters_that_it_is_made_of()
    {
        Assert.Equal(
            [(CharacterKind.Letter, 0x1112), (CharacterKind.Letter, 0x1161), (CharacterKind.Letter, 0x11AB)],
            BertNormalizer.Parts('한', lowercase: true));
        Assert.Equal([(CharacterKind.Letter, '한')], BertNormalizer.Parts('한', lowercase: false));
    }

    [Fact]
    public void No_character_has_more_parts_than_the_graph_has_room_for() =>
        Assert.Equal(BertNormalizer.MostParts, Enumerable.Range(0, 0x110000).Where(Rune.IsValid)
            .Max(character => BertNormalizer.Parts(character, lowercase: true).Count));

    [Fact]
    public void Without_Unicode_data_to_take_accents_off_there_is_an_error_and_no_wrong_token() =>
        OwnProcess.Run<BertNormalizerTests>(nameof(In_invariant_mode_making_a_tokenizer_says_what_to_do),
            ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"));

    [Fact(Explicit = true)]
    public void In_invariant_mode_making_a_tokenizer_says_what_to_do()
    {
        var fault = Assert.Throws<InvalidOperationException>(() => new BertTokenizer(GoldenTexts.Vocabulary, 16, lowercase: true));
        Assert.Contains("unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", fault.Message, StringComparison.Ordinal);
        _ = new BertTokenizer(GoldenTexts.Vocabulary, 16, lowercase: false); // which takes none off
    }
}
