using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What the tokeniser makes of each character, by number: up to <see cref="BertNormalizer.MostParts"/> parts, each with a <see
/// cref="CharacterKind"/> and a letter's code in the <see cref="WordPieceTrie"/>. A character without an entry is a letter that no piece
/// has.
/// </summary>
/// <remarks>A part is kind · <see cref="KindUnit"/> + code, and 0 where there is none. The parts p, q, r of a character are the one number
/// p + q·M + r·M², M = <see cref="PartUnit"/>.</remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class CharacterTable
{
    private const int BasicPlane = char.MaxValue + 1;

    private static readonly string[] _betweenCharacters = [""];
    private static readonly int[] _partsLast = [0, 2, 1];

    private readonly long[] _basic = new long[BasicPlane];
    private readonly Dictionary<int, long> _beyond = [];
    private readonly int _codeBits;

    /// <summary>Works out the table.</summary>
    /// <param name="codes">The code of each letter that a piece has, from 1.</param>
    /// <param name="lowercase">Whether letters become lower-case and lose their accents.</param>
    public CharacterTable(IReadOnlyDictionary<int, int> codes, bool lowercase)
    {
        while (1 << _codeBits <= codes.Count) _codeBits++;
        Array.Fill(_basic, UnknownLetter);
        for (int character = 0; character <= MaxCharacter; character++)
        {
            if (character is >= 0xD800 and <= 0xDFFF) continue; // halves of pairs are no characters
            if (!codes.ContainsKey(character) && BertNormalizer.IsLetterOfNoScript(character)) continue;
            long entry = Entry(BertNormalizer.Parts(character, lowercase), codes);
            if (character < BasicPlane) _basic[character] = entry;
            else if (entry != UnknownLetter) _beyond[character] = entry;
        }
    }

    /// <summary>The last character there is.</summary>
    private const int MaxCharacter = 0x10FFFF;

    /// <summary>What a part's kind is multiplied by.</summary>
    public int KindUnit => 1 << _codeBits;

    /// <summary>M: more than any part.</summary>
    public int PartUnit => 4 << _codeBits;

    private long UnknownLetter => (long)CharacterKind.Letter << _codeBits;

    /// <summary>A character's parts as one number.</summary>
    public long this[Rune character] =>
        character.IsBmp ? _basic[character.Value] : _beyond.GetValueOrDefault(character.Value, UnknownLetter);

    /// <summary>Takes the first part off.</summary>
    public (CharacterKind Kind, int Code) Take(ref long parts)
    {
        int part = (int)(parts & (PartUnit - 1));
        parts >>= _codeBits + 2;
        return ((CharacterKind)(part >> _codeBits), part & (KindUnit - 1));
    }

    /// <summary>Adds the nodes that look a text's characters up.</summary>
    /// <param name="nodes">The graph.</param>
    /// <param name="text">Strings, (N, 1).</param>
    /// <returns>The parts of the characters, (N, 3·T), T the characters of the longest text; 0 where there is none.</returns>
    public string Export(TokenNodes nodes, string text)
    {
        string characters = nodes.Graph.NodeOf("com.microsoft", 1, "Tokenizer", [text], // (N, 1, T)
            ("mark", 0), ("mincharnum", 1), ("pad_value", " "), ("separators", _betweenCharacters));
        KeyValuePair<int, long>[] entries = [.. Known()];
        string parts = nodes.Graph.NodeOf("ai.onnx.ml", 2, "LabelEncoder", [characters], // (N, 1, T)
            ("keys_strings", entries.Select(entry => char.ConvertFromUtf32(entry.Key)).ToArray()),
            ("values_int64s", entries.Select(entry => entry.Value).ToArray()), ("default_int64", UnknownLetter));
        long[] units = [.. Enumerable.Range(0, BertNormalizer.MostParts).Select(part => 1L << (part * (_codeBits + 2)))];
        parts = nodes.Graph.Node("Div", [nodes.Graph.Node("Transpose", [parts], ("perm", _partsLast)), // (N, T, 3)
            nodes.Graph.Constant("part_units", units, units.Length)]);
        parts = nodes.Int32(nodes.Graph.Node("Mod", [parts, nodes.Graph.Constant("part_unit", [(long)PartUnit])]));
        return nodes.Graph.Node("Flatten", [parts]); // (N, 3·T)
    }

    private IEnumerable<KeyValuePair<int, long>> Known()
    {
        for (int character = 0; character < BasicPlane; character++)
            if (_basic[character] != UnknownLetter) yield return new(character, _basic[character]);
        foreach (KeyValuePair<int, long> entry in _beyond.OrderBy(entry => entry.Key)) yield return entry;
    }

    private long Entry(IReadOnlyList<(CharacterKind Kind, int Character)> parts, IReadOnlyDictionary<int, int> codes)
    {
        long entry = 0;
        for (int i = parts.Count - 1; i >= 0; i--)
        {
            (CharacterKind kind, int character) = parts[i];
            int code = kind == CharacterKind.Space ? 0 : codes.GetValueOrDefault(character);
            entry = (entry << (_codeBits + 2)) + ((long)kind << _codeBits) + code;
        }
        return entry;
    }
}
