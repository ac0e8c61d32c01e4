using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Cuts a text into word pieces: words by BERT's basic tokeniser, and of each word the longest piece that begins it, then the longest that
/// goes on, until nothing is left. A word that gets stuck on the way, or of more than 100 letters, is one [UNK].
/// </summary>
/// <remarks>Two faces that give the same: <see cref="Encode"/> for training, <see cref="Export"/> for the graph.</remarks>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class WordPieceModel
{
    private readonly int _unknown;
    private readonly CharacterTable _characters;
    private readonly WordPieceTrie _trie;

    /// <summary>Works out the tables.</summary>
    /// <param name="vocabulary">The pieces.</param>
    /// <param name="lowercase">Whether letters become lower-case and lose their accents.</param>
    public WordPieceModel(BertVocabulary vocabulary, bool lowercase)
    {
        _unknown = vocabulary.Unknown;
        _trie = new WordPieceTrie(vocabulary, lowercase);
        _characters = new CharacterTable(_trie.Codes, lowercase);
    }

    /// <summary>Adds the numbers of a text's pieces to a list.</summary>
    /// <param name="text">Any text; halves of surrogate pairs count as dropped characters.</param>
    /// <param name="pieces">The list.</param>
    public void Encode(ReadOnlySpan<char> text, List<int> pieces)
    {
        Span<int> word = stackalloc int[WordPieceTrie.MaxWordLetters];
        int letters = 0; // of the word, also those for which there is no room
        foreach (Rune character in text.EnumerateRunes())
        {
            for (long parts = _characters[character]; parts != 0;)
            {
                (CharacterKind kind, int code) = _characters.Take(ref parts);
                if (kind != CharacterKind.Letter) AddWord(word, ref letters, pieces);
                if (kind == CharacterKind.Space) continue;
                if (letters < word.Length) word[letters] = code;
                letters++;
                if (kind == CharacterKind.Alone) AddWord(word, ref letters, pieces);
            }
        }
        AddWord(word, ref letters, pieces);
    }

    /// <summary>Adds the nodes that compute the same.</summary>
    /// <param name="nodes">The graph.</param>
    /// <param name="text">Strings, (N, 1).</param>
    /// <returns>The numbers of the pieces from the left, (N, at least 1), and how many there are, (N, 1).</returns>
    public (string Pieces, string Count) Export(TokenNodes nodes, string text)
    {
        string zero = nodes.Number(0), one = nodes.Number(1);
        (string cells, string width) = Packed(nodes, _characters.Export(nodes, text)); // (N, W + longest)
        (string kind, string letters) = nodes.Divide(cells, _characters.KindUnit);
        string isSpace = nodes.Equal(kind, Kind(nodes, CharacterKind.Space));
        string isAlone = nodes.Equal(kind, Kind(nodes, CharacterKind.Alone));
        string rows = nodes.RowsOf(cells);
        string ends = nodes.Columns(nodes.Or(isSpace, isAlone), nodes.Bound(0), nodes.Bound(-1));
        string afterEnd = nodes.Beside(nodes.Boolean(nodes.Filled(one, rows, nodes.Bound(1))), ends);
        string begins = nodes.And(nodes.Not(isSpace), nodes.Or(isAlone, afterEnd)); // where words begin
        string goesOn = nodes.Not(nodes.Or(begins, isSpace));
        (string number, string length) = _trie.Export(nodes, letters, begins, goesOn, width); // (N, W)

        string isBegin = nodes.Int32(nodes.Columns(begins, nodes.Bound(0), width)); // (N, W), 0 or 1
        string beyond = nodes.Int32(width);
        string outside = nodes.Filled(beyond, rows, nodes.Bound(1)); // (N, 1): a place behind all others
        string reached = Reached(nodes, isBegin, length, goesOn, outside);

        // A word's weight: its letters, and more than a word may have where it is stuck.
        string word = nodes.RunningSum(isBegin); // from 1
        string stuck = nodes.And(nodes.Boolean(reached), nodes.Equal(length, zero));
        string isLetter = nodes.Not(nodes.Columns(isSpace, nodes.Bound(0), width));
        string weight = nodes.Add(
            nodes.Where(stuck, nodes.Number(WordPieceTrie.MaxWordLetters + 1), zero), nodes.Int32(isLetter));
        string none = nodes.Multiply(nodes.Beside(isBegin, outside), zero); // (N, W + 1)
        string weightOfWord = nodes.Take(nodes.AddAt(none, word, weight), word);
        string isUnknown = nodes.Greater(weightOfWord, nodes.Number(WordPieceTrie.MaxWordLetters)); // (N, W)
        string chosen = nodes.Where(isUnknown, isBegin, reached);
        string piece = nodes.Where(isUnknown, nodes.Number(_unknown), number);

        string place = nodes.Where(nodes.Boolean(chosen), nodes.Subtract(nodes.RunningSum(chosen), one), beyond);
        return (nodes.Put(none, place, piece), nodes.RowSum(chosen));
    }

    private void AddWord(ReadOnlySpan<int> word, ref int letters, List<int> pieces)
    {
        int before = pieces.Count, taken = 0;
        bool isUnknown = letters > word.Length;
        while (taken < letters && !isUnknown)
        {
            (int number, int length) = _trie.Find(word[taken..letters], begins: taken == 0);
            isUnknown = length == 0;
            pieces.Add(number);
            taken += length;
        }
        letters = 0;
        if (!isUnknown) return;
        pieces.RemoveRange(before, pieces.Count - before);
        pieces.Add(_unknown);
    }

    /// <summary>
    /// The characters' parts (N, 3·T) without those that are dropped, and spaces behind: (N, W + the longest piece), W the parts of the
    /// longest text and one more.
    /// </summary>
    private (string Cells, string Width) Packed(TokenNodes nodes, string parts)
    {
        string zero = nodes.Number(0), one = nodes.Number(1);
        string isKept = nodes.Greater(parts, zero);
        string kept = nodes.Int32(isKept);
        string count = nodes.Highest(nodes.RowSum(kept));
        string beyond = nodes.Add(count, one); // W
        string place = nodes.Where(isKept, nodes.Subtract(nodes.RunningSum(kept), one), beyond);
        string width = nodes.Graph.Node("Unsqueeze", [nodes.Int64(beyond), nodes.Bound(0)]);
        string space = nodes.Number((int)CharacterKind.Space * _characters.KindUnit);
        string blank = nodes.Filled(space, nodes.RowsOf(parts), nodes.Add(width, nodes.Bound(_trie.Longest)));
        string cells = nodes.Put(blank, place, parts);
        return (nodes.Where(nodes.Greater(cells, zero), cells, space), width); // what was dropped lies beyond, as 0
    }

    /// <summary>Where pieces begin, 0 or 1, (N, W): at places that a word's begin leads to by jumps of the pieces' lengths. Each round
    /// doubles the jumps.</summary>
    private static string Reached(TokenNodes nodes, string isBegin, string length, string goesOn, string outside)
    {
        string columns = nodes.ColumnsOf(isBegin), beyond = nodes.Int32(columns);
        string jump = nodes.Add(nodes.Counting(nodes.Graph.Node("Squeeze", [beyond])), length);
        string lands = nodes.And(nodes.Greater(length, nodes.Number(0)), nodes.Take(goesOn, jump));
        string next = nodes.Beside(nodes.Where(lands, jump, beyond), outside); // (N, W + 1)
        string none = nodes.Multiply(next, nodes.Number(0));
        string reached = nodes.Beside(isBegin, nodes.Multiply(outside, nodes.Number(0)));
        for (int jumps = 1; jumps < WordPieceTrie.MaxWordLetters; jumps *= 2)
        {
            if (jumps > 1) next = nodes.Take(next, next);
            reached = nodes.Least(nodes.Add(reached, nodes.AddAt(none, next, reached)), nodes.Number(1));
        }
        return nodes.Columns(reached, nodes.Bound(0), columns);
    }

    private static string Kind(TokenNodes nodes, CharacterKind kind) => nodes.Number((int)kind);
}
