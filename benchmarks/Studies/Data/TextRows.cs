using Microsoft.ML;
using Microsoft.ML.Data;

namespace Studies;

/// <summary>
/// The texts of a data set: columns Text, of pairs of texts TextPair, Label, Cue (the attribute; <c>all</c> where there is none) and Pair.
/// Read once, divided anew for each seed.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="read">Reads the data set.</param>
/// <param name="divide">Divides it into training, validation and test for a seed. Equal for equal seeds.</param>
internal sealed class TextRows(StudyOptions options, Func<DataSet> read, Func<DataSet, int, DataSet> divide) : IStudyRows
{
    /// <summary>The column of second texts.</summary>
    public const string SecondText = nameof(Row.TextPair);

    private const int QuickRows = 24;
    private const string NoAttribute = "all";
    private readonly Lazy<DataSet> _set = new(read);
    private int? _count;

    /// <summary>Those of a data set with splits of its own.</summary>
    public TextRows(StudyOptions options, Func<DataSet> read) : this(options, read, (set, _) => set)
    {
    }

    /// <inheritdoc/>
    public int Count => _count ??= Training(divide(_set.Value, 1), 1).Count;

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed) => Load(ml, seed, divide(_set.Value, seed));

    /// <summary>Rows of a seed that something else has divided.</summary>
    public StudyData Load(MLContext ml, int seed, Func<DataSet, int, DataSet> division) => Load(ml, seed, division(_set.Value, seed));

    private StudyData Load(MLContext ml, int seed, DataSet set) => StudyData.From(
        ml, set.Labels, View(ml, Training(set, seed)), View(ml, Few(set.Of(Splits.Validation))), View(ml, Few(set.Of(Splits.Test))));

    private IReadOnlyList<Example> Training(DataSet set, int seed)
    {
        IReadOnlyList<Example> rows = Few(set.Of(Splits.Train));
        if (options.Rows is not { } most || most >= rows.Count) return rows;
        int[] order = RandomSources.Shuffled(rows.Count, RandomSources.For(seed, RandomSources.Rows));
        return [.. order.Take(most).Select(row => rows[row])];
    }

    // Of each group a few, so that a rehearsal has all of them.
    private IReadOnlyList<Example> Few(IReadOnlyList<Example> rows) => !options.Quick
        ? rows
        : [.. rows.GroupBy(row => row.Group).SelectMany(group => group.Index()).OrderBy(row => row.Index).Take(QuickRows)
            .Select(row => row.Item)];

    private static IDataView View(MLContext ml, IReadOnlyList<Example> examples)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        if (examples.All(example => example.TextPair is null)) schema.Remove(schema[nameof(Row.TextPair)]);
        if (examples.All(example => example.Pair is null)) schema.Remove(schema[nameof(Row.Pair)]);
        return ml.Data.LoadFromEnumerable<Row>(
            [
                .. examples.Select(example => new Row
                {
                    Text = example.Text!,
                    TextPair = example.TextPair ?? "",
                    Label = example.Label,
                    Cue = example.Attribute ?? NoAttribute,
                    Pair = example.Pair ?? "",
                }),
            ], schema);
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string TextPair { get; set; } = "";

        public string Label { get; set; } = "";

        public string Cue { get; set; } = "";

        public string Pair { get; set; } = "";
    }
}
