namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Makes a row of tokens of a text, [CLS] a [SEP], or of two, [CLS] a [SEP] b [SEP], as Hugging Face's fast tokeniser of BERT does. Marks
/// that stand in a text, such as [SEP], are the letters that they are written with, so that a text cannot end itself.
/// </summary>
/// <remarks>Two faces that give the same: <c>Encode</c> for training, <c>Export</c> for the graph. Neither asks for the culture.</remarks>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class BertTokenizer
{
    /// <summary>The fewest tokens of a row: two texts of no pieces.</summary>
    public const int FewestTokens = 3;

    private readonly WordPieceModel _model;

    /// <summary>Makes a tokeniser.</summary>
    /// <param name="vocabulary">The pieces.</param>
    /// <param name="maxTokens">The most tokens of a row, at least <see cref="FewestTokens"/>. Of what is longer the end is lost;
    /// of two texts, first that of the longer one.</param>
    /// <param name="lowercase">Whether letters become lower-case and lose their accents; <see langword="null"/>: unless the vocabulary is
    /// <see cref="BertVocabulary.IsCased"/>.</param>
    /// <exception cref="InvalidOperationException">The process has no Unicode data to take accents off.</exception>
    public BertTokenizer(BertVocabulary vocabulary, int maxTokens, bool? lowercase = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, FewestTokens);
        Vocabulary = vocabulary;
        MaxTokens = maxTokens;
        Lowercase = lowercase ?? !vocabulary.IsCased;
        if (Lowercase) BertNormalizer.CheckThatAccentsAreKnown();
        _model = new WordPieceModel(vocabulary, Lowercase);
    }

    /// <summary>The pieces.</summary>
    public BertVocabulary Vocabulary { get; }

    /// <summary>The most tokens of a row.</summary>
    public int MaxTokens { get; }

    /// <summary>Whether letters become lower-case and lose their accents.</summary>
    public bool Lowercase { get; }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="row">Receives the tokens, and 0 behind them; <see cref="MaxTokens"/> long.</param>
    public EncodedText Encode(ReadOnlySpan<char> text, Span<int> row)
    {
        List<int> pieces = [];
        _model.Encode(text, pieces);
        int kept = Math.Min(pieces.Count, MaxTokens - 2);
        row[0] = Vocabulary.Begin;
        Put(pieces, 0, kept, row[1..]);
        row[(kept + 2)..].Clear();
        return new EncodedText(kept + 2, kept < pieces.Count, pieces.Count == 0);
    }

    /// <summary>Encodes two texts.</summary>
    /// <param name="first">Any text.</param>
    /// <param name="second">Any text.</param>
    /// <param name="row">Receives the tokens, and 0 behind them; <see cref="MaxTokens"/> long.</param>
    public EncodedText Encode(ReadOnlySpan<char> first, ReadOnlySpan<char> second, Span<int> row)
    {
        List<int> pieces = [];
        _model.Encode(first, pieces);
        int a = pieces.Count;
        _model.Encode(second, pieces);
        int b = pieces.Count - a, room = MaxTokens - 3;
        int ofShorter = Math.Min(Math.Min(a, b), room / 2);
        int keptA = a <= b ? ofShorter : Math.Min(a, room - ofShorter);
        int keptB = a <= b ? Math.Min(b, room - ofShorter) : ofShorter;
        row[0] = Vocabulary.Begin;
        Put(pieces, 0, keptA, row[1..]);
        Put(pieces, a, keptB, row[(keptA + 2)..]);
        row[(keptA + keptB + 3)..].Clear();
        return new EncodedText(keptA + keptB + 3, keptA + keptB < pieces.Count, pieces.Count == 0);
    }

    /// <summary>Adds the nodes that encode texts.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="text">Strings, (N, 1).</param>
    /// <param name="second">Strings, (N, 1); <see langword="null"/> where a row has one text.</param>
    /// <returns>The tokens, int32 (N, L), L the tokens of the batch's longest row; 0 behind a row's tokens.</returns>
    public string Export(OnnxGraph graph, string text, string? second = null)
    {
        var nodes = new TokenNodes(graph);
        string begin = nodes.Number(Vocabulary.Begin), end = nodes.Number(Vocabulary.Separator);
        string one = nodes.Number(1);
        if (second is null)
        {
            (string pieces, string count) = _model.Export(nodes, text);
            string kept = nodes.Least(count, nodes.Number(MaxTokens - 2)); // (N, 1)
            string last = nodes.Add(kept, one); // where [SEP] is
            string at = Places(nodes, last);
            string tokens = nodes.Where(nodes.Greater(last, at), From(nodes, pieces, nodes.Subtract(at, one), last), end);
            return Framed(nodes, tokens, at, last, begin);
        }

        // The second texts go below the first ones, so that the tables stand in the graph once.
        (string ofBoth, string counts) = _model.Export(nodes, graph.Node("Concat", [text, second], ("axis", 0)));
        (string firsts, string seconds) = nodes.Halves(ofBoth);
        (string a, string b) = nodes.Halves(counts);
        string room = nodes.Number(MaxTokens - 3);
        string ofShorter = nodes.Least(nodes.Least(a, b), nodes.Number((MaxTokens - 3) / 2));
        string ofLonger = nodes.Least(nodes.Most(a, b), nodes.Subtract(room, ofShorter));
        string isFirstLonger = nodes.Greater(a, b);
        string keptA = nodes.Where(isFirstLonger, ofLonger, ofShorter), keptB = nodes.Where(isFirstLonger, ofShorter, ofLonger);
        string middle = nodes.Add(keptA, one); // where the first [SEP] is
        string final = nodes.Add(nodes.Add(middle, keptB), one); // where the last is
        string places = Places(nodes, final);
        string inFirst = From(nodes, firsts, nodes.Subtract(places, one), final);
        string inSecond = From(nodes, seconds, nodes.Subtract(nodes.Subtract(places, middle), one), final);
        string row = nodes.Where(nodes.Greater(final, places), inSecond, end);
        row = nodes.Where(nodes.Greater(places, middle), row, nodes.Where(nodes.Greater(middle, places), inFirst, end));
        return Framed(nodes, row, places, final, begin);
    }

    private void Put(List<int> pieces, int from, int count, Span<int> row)
    {
        for (int i = 0; i < count; i++) row[i] = pieces[from + i];
        row[count] = Vocabulary.Separator;
    }

    /// <summary>0, 1, … as far as the batch's longest row, (1, L).</summary>
    private static string Places(TokenNodes nodes, string last) => nodes.Counting(nodes.Add(nodes.Highest(last), nodes.Number(1)));

    /// <summary>The pieces at places (N or 1, L), whatever it is where there are none.</summary>
    private static string From(TokenNodes nodes, string pieces, string places, string rows)
    {
        string highest = nodes.Subtract(nodes.Int32(nodes.ColumnsOf(pieces)), nodes.Number(1));
        string within = nodes.Least(nodes.Most(places, nodes.Number(0)), highest);
        return nodes.Take(pieces, nodes.Add(within, nodes.Multiply(rows, nodes.Number(0)))); // as many rows as there are texts
    }

    /// <summary>The row with [CLS] before it and 0 behind its last token.</summary>
    private static string Framed(TokenNodes nodes, string row, string places, string last, string begin)
    {
        string ended = nodes.Where(nodes.Greater(places, last), nodes.Number(0), row);
        return nodes.Where(nodes.Equal(places, nodes.Number(0)), begin, ended);
    }
}
