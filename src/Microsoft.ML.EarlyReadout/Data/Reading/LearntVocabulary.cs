using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The vocabulary of an encoder that is trained from nothing: the words that the training texts have twice or more, the most frequent
/// first, and all their characters, by which other words are spelled.
/// </summary>
internal static class LearntVocabulary
{
    private const int MostWords = 8000;
    private const int LeastOccurrences = 2;

    /// <summary>Learns it in one pass over the texts of the rows that are trained on: those with a label.</summary>
    /// <param name="view">The training rows.</param>
    /// <param name="columns">The columns of texts.</param>
    /// <param name="label">The labels.</param>
    /// <param name="threads">How many workers may read ahead.</param>
    /// <param name="rows">How many rows with a label there were.</param>
    /// <param name="cancellation">Stops the pass within one row.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidDataException">A text cannot be read; the message names column and row.</exception>
    public static BertVocabulary Of(
        IDataView view, IReadOnlyList<DataViewSchema.Column> columns, LabelColumn label, int threads, out long rows,
        Cancellation cancellation)
    {
        rows = 0;
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        using (var cursor = new FaultNamingCursor(view, columns.Append(label.Column).DistinctBy(each => each.Index), threads: threads))
        {
            Func<int> classOf = label.Reader(cursor);
            ValueGetter<ReadOnlyMemory<char>>[] getters = [.. columns.Select(cursor.GetGetter<ReadOnlyMemory<char>>)];
            ReadOnlyMemory<char> text = default;
            while (cursor.MoveNext())
            {
                cancellation.ThrowIfRequested();
                if (classOf() < 0) continue;
                rows++;
                foreach (ValueGetter<ReadOnlyMemory<char>> getter in getters)
                {
                    getter(ref text);
                    foreach (string word in WordsOf(text.Span)) CollectionsMarshal.GetValueRefOrAddDefault(words, word, out _)++;
                }
            }
        }

        string[] characters = [.. words.Keys.SelectMany(word => word.EnumerateRunes()).Distinct().Select(rune => rune.ToString())
            .Order(StringComparer.Ordinal)];
        string[] frequent = [.. words.Where(word => word.Value >= LeastOccurrences)
            .OrderByDescending(word => word.Value).ThenBy(word => word.Key, StringComparer.Ordinal)
            .Select(word => word.Key).Take(MostWords)];
        string[] tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. characters, .. characters.Select(each => "##" + each), .. frequent];
        return new BertVocabulary([.. tokens.Distinct(StringComparer.Ordinal)], "of the training texts");
    }

    private static List<string> WordsOf(ReadOnlySpan<char> text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        int letters = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            foreach ((CharacterKind kind, int character) in BertNormalizer.Parts(rune.Value, lowercase: true))
            {
                if (kind != CharacterKind.Letter) End();
                if (kind == CharacterKind.Alone) words.Add(char.ConvertFromUtf32(character));
                if (kind != CharacterKind.Letter) continue;
                word.Append(char.ConvertFromUtf32(character));
                letters++;
            }
        }

        End();
        return words;

        void End()
        {
            if (letters is > 0 and <= WordPieceTrie.MaxWordLetters) words.Add(word.ToString()); // longer ones are unknown
            word.Clear();
            letters = 0;
        }
    }
}
