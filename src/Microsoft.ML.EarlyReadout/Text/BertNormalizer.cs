using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What BERT's basic tokeniser makes of each character by itself: Hugging Face's <c>BertNormalizer</c> and <c>BertPreTokenizer</c>. No
/// character's fate depends on its neighbours.
/// </summary>
internal static class BertNormalizer
{
    /// <summary>The most parts of one character: a Hangul syllable is three letters.</summary>
    public const int MostParts = 3;

    /// <summary>A character's parts in their order; none where it is dropped.</summary>
    /// <param name="character">A Unicode scalar value.</param>
    /// <param name="lowercase">Whether letters become lower-case and lose their accents.</param>
    public static IReadOnlyList<(CharacterKind Kind, int Character)> Parts(int character, bool lowercase)
    {
        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(character);
        if (character is '\t' or '\n' or '\r') return [(CharacterKind.Space, 0)];
        if (category is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            return [(CharacterKind.Space, 0)];
        if (character == Rune.ReplacementChar.Value || category is UnicodeCategory.Control or UnicodeCategory.Format) return [];
        if (IsLetterOfNoScript(character)) return [(CharacterKind.Letter, character)];
        if (category == UnicodeCategory.PrivateUse) return [];
        if (!lowercase || category == UnicodeCategory.OtherNotAssigned) return [(KindOf(character), character)];

        bool alone = IsChinese(character);
        string decomposed = char.ConvertFromUtf32(character).Normalize(NormalizationForm.FormD);
        return [.. decomposed.EnumerateRunes()
            .Where(rune => Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
            .Select(rune => Rune.ToLowerInvariant(rune).Value)
            .Select(part => (alone ? CharacterKind.Alone : KindOf(part), part))];
    }

    /// <summary>Whether a character is a letter only for want of a better answer: one that Unicode has not assigned, and a private one
    /// beyond the basic plane; those are too many for a table of what is dropped.</summary>
    public static bool IsLetterOfNoScript(int character)
    {
        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(character);
        return (category == UnicodeCategory.OtherNotAssigned && !IsChinese(character))
            || (category == UnicodeCategory.PrivateUse && character > char.MaxValue);
    }

    /// <exception cref="InvalidOperationException">The process has no Unicode data to take accents off.</exception>
    public static void CheckThatAccentsAreKnown()
    {
        if ("\u00e9".Normalize(NormalizationForm.FormD).Length == 2) return;
        throw new InvalidOperationException("This process runs in .NET's globalisation-invariant mode, in which accents cannot be taken "
            + "off letters. Install ICU (Debian: libicu), and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT and InvariantGlobalization.");
    }

    private static CharacterKind KindOf(int character) =>
        IsChinese(character) || IsPunctuation(character) ? CharacterKind.Alone : CharacterKind.Letter;

    private static bool IsPunctuation(int character) =>
        character is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~')
        || CharUnicodeInfo.GetUnicodeCategory(character)
            is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    /// <summary>The blocks of ideographs. Kana and Hangul are written in words, so they are letters.</summary>
    private static bool IsChinese(int character) =>
        character is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x2A6DF)
            or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0x2F800 and <= 0x2FA1F);
}
