using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A second look at a few rows: their texts, or their pictures as the network sees them, and where in these it sees what speaks for the
/// class that it predicts.
/// </summary>
internal sealed class SeenRows
{
    private const int ShownCharacters = 400;

    private readonly Dictionary<int, SeenRow> _rows = [];

    private SeenRows() { }

    /// <summary>No rows.</summary>
    public static SeenRows None { get; } = new();

    /// <summary>The row, or <see langword="null"/> where there is nothing to show of it.</summary>
    public SeenRow? this[int index] => _rows.GetValueOrDefault(index);

    /// <summary>Reads rows of a model's scored view, in one pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="indexes">The rows' places in the view.</param>
    public static SeenRows Read(ScoredModel model, IEnumerable<int> indexes)
    {
        HashSet<int> wanted = [.. indexes];
        if (wanted.Count == 0) return None;
        var seen = new SeenRows();
        if (model.Classifier is { Columns.Shape: TokenShape } ofTexts) return seen.ReadTexts(model.Scored, ofTexts.Columns, wanted);
        if (model.Classifier is not { Columns.Shape: ImageShape shape } classifier) return seen;
        if (model.Scored.Schema.GetColumnOrNull(classifier.FeatureColumnName) is not { } feature) return seen;
        using var cursor = new FaultNamingCursor(model.Scored, [feature], feature);
        ColumnBuffer buffer = ColumnBuffer.Create(cursor, feature, 1);
        BufferedFeatureReader reader = BufferedFeatureReader.Create([buffer], classifier.Columns, cursor);
        for (int index = 0; cursor.MoveNext() && seen._rows.Count < wanted.Count; index++)
        {
            if (!wanted.Contains(index)) continue;
            buffer.Fill(0);
            var features = new float[shape.Size];
            reader.Read(0, features);
            byte[] pixels = InterleavedPixels.Of(features, shape, classifier.Columns.Pixels);
            seen._rows.Add(index, new SeenRow(new Picture(pixels, shape.Height, shape.Width), Map(classifier, features)));
        }

        return seen;
    }

    private SeenRows ReadTexts(IDataView scored, ScoringColumns columns, HashSet<int> wanted)
    {
        string[] names = [.. new[] { columns.Feature, columns.SecondText }.OfType<string>()];
        if (names.Any(name => scored.Schema.GetColumnOrNull(name) is not { Type: TextDataViewType })) return this;
        DataViewSchema.Column[] read = [.. names.Select(name => scored.Schema[name])];
        using DataViewRowCursor cursor = scored.GetRowCursor(read);
        ValueGetter<ReadOnlyMemory<char>>[] getters = [.. read.Select(cursor.GetGetter<ReadOnlyMemory<char>>)];
        for (int index = 0; cursor.MoveNext() && _rows.Count < wanted.Count; index++)
        {
            if (!wanted.Contains(index)) continue;
            _rows.Add(index, new SeenRow(null, null) { Texts = [.. getters.Select(Shown)] });
        }

        return this;

        static string Shown(ValueGetter<ReadOnlyMemory<char>> getter)
        {
            ReadOnlyMemory<char> text = default;
            getter(ref text);
            return text.Length > ShownCharacters ? $"{text[..ShownCharacters]}…" : text.ToString();
        }
    }

    private static ActivationMap? Map(EarlyReadoutTransformer model, float[] features)
    {
        if (!model.HasActivationMaps) return null;
        ScoringSession session = model.Session;
        int size = session.MapHeight * session.MapWidth;
        var scores = new float[]?[session.Heads];
        float[] network = scores[0] = new float[session.Classes];
        var maps = new float[session.Classes * size]; // (C, h, w)
        session.Score(features, 1, scores, maps);
        float[] map = [.. maps.AsSpan(Array.IndexOf(network, network.Max()) * size, size).ToArray().Select(value => Math.Max(value, 0))];
        return new ActivationMap(map, session.MapHeight, session.MapWidth);
    }
}

/// <summary>A row as a model sees it.</summary>
/// <param name="Picture">Its picture; <see langword="null"/> where it is texts.</param>
/// <param name="Map">Where the network looks in the picture, if it tells.</param>
internal sealed record SeenRow(Picture? Picture, ActivationMap? Map)
{
    /// <summary>Its text, or its two texts; none where it is a picture.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];
}
