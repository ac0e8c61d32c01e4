using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Counts the words of texts, each once a row, without regard to case; a text without a space is one value.</summary>
internal sealed class WordTally(DataViewRow row, DataViewSchema.Column column, int parts) : ValueTally(column)
{
    // What appears for the first time after so many different words is rare, and is not counted: memory stays bounded.
    private const int MostWords = 100_000;

    private readonly ValueGetter<ReadOnlyMemory<char>> _getter = row.GetGetter<ReadOnlyMemory<char>>(column);
    private readonly Dictionary<string, int> _ids = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _words = [];
    private readonly Dictionary<int, long>[] _counts = [.. Enumerable.Range(0, parts).Select(_ => new Dictionary<int, long>())];
    private readonly HashSet<int> _seen = [];
    private ReadOnlyMemory<char> _text;

    public override void Add(int label, int cluster)
    {
        _getter(ref _text);
        ReadOnlySpan<char> text = _text.Span.Trim();
        _seen.Clear();
        if (text.IndexOf(' ') < 0)
        {
            See(text);
        }
        else
        {
            int start = 0;
            for (int i = 0; i <= text.Length; i++)
            {
                if (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] == '\'')) continue;
                See(text[start..i]);
                start = i + 1;
            }
        }

        foreach (int id in _seen)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts[label], id, out _)++;
            if (cluster >= 0) CollectionsMarshal.GetValueRefOrAddDefault(_counts[cluster], id, out _)++;
        }
    }

    public override IEnumerable<TellingValue> Telling(int label, int cluster, long labelRows, long clusterRows) =>
        _counts[cluster].SelectMany(entry => Share(_words[entry.Key], entry.Value, _counts[label][entry.Key], clusterRows, labelRows));

    private void See(ReadOnlySpan<char> word)
    {
        if (word.IsEmpty) return;
        var ids = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!ids.TryGetValue(word, out int id))
        {
            if (_words.Count == MostWords) return;
            id = _words.Count;
            _words.Add(word.ToString());
            _ids.Add(_words[id], id);
        }

        _seen.Add(id);
    }
}
