using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Finds the longest piece that begins at a letter of a word. Pieces that begin a word and pieces that go on with one (<c>##ing</c>)
/// are two tries of one double array: the child of state s by the letter with code c is s' = base[s] + c, where check[s'] = s.
/// </summary>
/// <remarks>J. Aoe, "An efficient digital search algorithm by using a double-array structure", 1989.</remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed class WordPieceTrie
{
    /// <summary>The most letters of a word; a longer one is unknown, whatever pieces it has.</summary>
    public const int MaxWordLetters = 100;

    private const string Continuation = "##";
    private const int Nowhere = 0, WordRoot = 1, PieceRoot = 2;
    private const int LengthUnit = 128; // more than the letters of a piece

    private readonly Dictionary<int, int> _codes = [];
    private readonly int[] _base, _check, _best; // best[s]: the longest piece on the way to s, its number · LengthUnit + its letters, or 0

    /// <summary>Builds the trie of those tokens that a word can have.</summary>
    /// <param name="vocabulary">The pieces.</param>
    /// <param name="lowercase">Whether words are lower-case.</param>
    public WordPieceTrie(BertVocabulary vocabulary, bool lowercase)
    {
        List<Node> nodes = [new(0), new(0), new(0)]; // nowhere and the two roots
        Func<int, CharacterKind?> kindOf = KindOfLetters(lowercase);
        for (int number = 1; number < vocabulary.Size; number++)
        {
            string token = vocabulary.Tokens[number];
            bool continues = token.Length > Continuation.Length && token.StartsWith(Continuation, StringComparison.Ordinal);
            int[] letters = [.. (continues ? token[Continuation.Length..] : token).EnumerateRunes().Select(rune => rune.Value)];
            if (CanOccur(letters, continues, kindOf)) Insert(nodes, letters, continues, number);
        }

        Longest = nodes.Max(node => node.Depth);
        (_base, _check, _best) = Lay(nodes, _codes.Count);
    }

    /// <summary>The code of each letter that a piece has, from 1.</summary>
    public IReadOnlyDictionary<int, int> Codes => _codes;

    /// <summary>The letters of the longest piece.</summary>
    public int Longest { get; }

    /// <summary>The longest piece at the beginning of some letters.</summary>
    /// <param name="letters">The codes of a word's letters, or of those that no piece has taken yet.</param>
    /// <param name="begins">Whether they begin the word.</param>
    /// <returns>The piece's number and how many letters it takes; 0 where there is none.</returns>
    public (int Number, int Letters) Find(ReadOnlySpan<int> letters, bool begins)
    {
        int state = begins ? WordRoot : PieceRoot;
        foreach (int letter in letters)
        {
            int next = _base[state] + letter;
            if (_check[next] != state) break;
            state = next;
        }
        return (_best[state] / LengthUnit, _best[state] % LengthUnit);
    }

    /// <summary>Adds the nodes that find the longest piece at every place of the words at once.</summary>
    /// <param name="nodes">The graph.</param>
    /// <param name="letters">The codes of the letters, (N, W + <see cref="Longest"/>).</param>
    /// <param name="begins">Where words begin, (N, W + <see cref="Longest"/>).</param>
    /// <param name="goesOn">Where a word goes on, (N, W + <see cref="Longest"/>).</param>
    /// <param name="width">W, (1) int64.</param>
    /// <returns>The piece's number and how many letters it takes, (N, W); 0 where there is none.</returns>
    public (string Number, string Letters) Export(TokenNodes nodes, string letters, string begins, string goesOn, string width)
    {
        string bases = Table(nodes, "trie_base", _base), check = Table(nodes, "trie_check", _check);
        string insideWord = nodes.Where(goesOn, letters, nodes.Number(0)); // no trie has the code 0: a piece ends with its word
        string state = nodes.Where(
            nodes.Columns(begins, nodes.Bound(0), width), nodes.Number(WordRoot), nodes.Number(PieceRoot)); // (N, W)
        string last = state;
        for (int step = 0; step < Longest; step++)
        {
            string letter = step == 0
                ? nodes.Columns(letters, nodes.Bound(0), width)
                : nodes.Columns(insideWord, nodes.Bound(step), nodes.Add(width, nodes.Bound(step)));
            string next = nodes.Add(nodes.Look(bases, state), letter);
            string isChild = nodes.Equal(nodes.Look(check, next), state);
            last = nodes.Where(isChild, next, last);
            state = nodes.Where(isChild, next, nodes.Number(Nowhere));
        }
        return nodes.Divide(nodes.Look(Table(nodes, "trie_best", _best), last), LengthUnit);
    }

    private static string Table(TokenNodes nodes, string name, int[] values) => nodes.Graph.Int32Constant(name, values, values.Length);

    /// <summary>Whether the basic tokeniser can hand out such letters: no part of a word is punctuation beside a letter, or upper-case
    /// where words are not. That leaves out [MASK] and its like too.</summary>
    /// <param name="letters">The letters of a piece.</param>
    /// <param name="continues">Whether the piece goes on with a word.</param>
    /// <param name="kindOf">The kind of a letter that stays as it is; <see langword="null"/> of one that does not.</param>
    private static bool CanOccur(int[] letters, bool continues, Func<int, CharacterKind?> kindOf) =>
        letters.Length is > 0 and <= MaxWordLetters
        && letters.All(letter => kindOf(letter) is CharacterKind.Letter
            || (kindOf(letter) is CharacterKind.Alone && letters.Length == 1 && !continues));

    private static Func<int, CharacterKind?> KindOfLetters(bool lowercase)
    {
        Dictionary<int, CharacterKind?> known = [];
        return letter =>
        {
            if (!known.TryGetValue(letter, out CharacterKind? kind))
                known[letter] = kind = BertNormalizer.Parts(letter, lowercase) is [var part] && part.Character == letter ? part.Kind : null;
            return kind;
        };
    }

    private void Insert(List<Node> nodes, int[] letters, bool continues, int number)
    {
        int at = continues ? PieceRoot : WordRoot;
        foreach (int letter in letters)
        {
            if (!_codes.TryGetValue(letter, out int code)) _codes[letter] = code = _codes.Count + 1;
            if (!nodes[at].Children.TryGetValue(code, out int next))
            {
                nodes[at].Children[code] = next = nodes.Count;
                nodes.Add(new Node(nodes[at].Depth + 1));
            }
            at = next;
        }
        nodes[at].Number = number;
    }

    private static (int[] Base, int[] Check, int[] Best) Lay(List<Node> nodes, int codes)
    {
        var states = new DoubleArray(codes);
        var open = new Queue<(int Node, int State, int Best)>([(WordRoot, WordRoot, 0), (PieceRoot, PieceRoot, 0)]);
        while (open.TryDequeue(out var at))
        {
            Node node = nodes[at.Node];
            int best = node.Number > 0 ? (node.Number * LengthUnit) + node.Depth : at.Best;
            states.SetBest(at.State, best);
            if (node.Children.Count == 0) continue;
            int first = states.Place(at.State, [.. node.Children.Keys]);
            foreach ((int code, int child) in node.Children) open.Enqueue((child, first + code, best));
        }
        return states.ToArrays();
    }

    private sealed class Node(int depth)
    {
        public SortedDictionary<int, int> Children { get; } = [];

        public int Depth { get; } = depth;

        /// <summary>The number of the piece that ends here; 0 where none does.</summary>
        public int Number { get; set; }
    }
}
