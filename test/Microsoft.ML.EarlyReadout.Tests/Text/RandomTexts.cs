using System.Text;

namespace MLSieve.Tests;

/// <summary>Texts of characters of every script, drawn by a seed.</summary>
internal static class RandomTexts
{
    private static readonly (int From, int To)[] _blocks =
    [
        (0, 0x20), (0x20, 0x7F), (0x20, 0x7F), (0x20, 0x7F), (0x7F, 0x250), (0x250, 0x500), (0x500, 0x1000), (0x1000, 0x1E00),
        (0x1E00, 0x2000), (0x2000, 0x2C00), (0x2C00, 0x3400), (0x3400, 0xA000), (0xA000, 0xAC00), (0xAC00, 0xD7B0), (0xD800, 0xE000),
        (0xE000, 0xF900), (0xF900, 0x10000), (0x10000, 0x11000), (0x1F000, 0x1FB00), (0x20000, 0x30000), (0xE0000, 0xE01F0),
        (0xF0000, 0x110000),
    ];

    /// <summary>As many texts; some have halves of surrogate pairs, some repeat a letter beyond a word's longest.</summary>
    public static IEnumerable<string> Draw(int count, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            var text = new StringBuilder();
            (int From, int To) block = Block();
            for (int n = random.Next(40); n > 0; n--)
            {
                if (random.Next(4) == 0) block = Block();
                int character = random.Next(5) == 0 ? ' ' : random.Next(block.From, block.To);
                string one = character is >= 0xD800 and < 0xE000 ? ((char)character).ToString() : char.ConvertFromUtf32(character);
                text.Insert(text.Length, one, random.Next(200) == 0 ? random.Next(95, 106) : 1);
            }
            yield return text.ToString();
        }

        (int From, int To) Block() => _blocks[random.Next(_blocks.Length)];
    }
}
