using Microsoft.ML;
using Microsoft.ML.Data;

namespace Studies;

/// <summary>
/// A data set as it lies on disk, read by <see cref="DataSets"/>: which rows there are, and how their numbers differ from the published
/// ones.
/// </summary>
internal sealed class DataSet
{
    private const string NoAttribute = "all";

    /// <summary>Makes a data set.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">Where it lies, for messages.</param>
    /// <param name="examples">Its rows, in an order that depends on the files alone.</param>
    /// <param name="published">The published numbers of rows, as far as they are known.</param>
    /// <exception cref="InvalidDataException">There are no rows.</exception>
    public DataSet(string name, string folder, IEnumerable<Example> examples, params IEnumerable<PublishedCount> published)
    {
        Name = name;
        Examples = [.. examples];
        if (Examples.Count == 0) throw new InvalidDataException($"{folder}: no rows of {name}.");
        Published = [.. published];
        Labels = [.. Examples.Select(example => example.Label).Distinct().Order(StringComparer.Ordinal)];
        Differences =
        [
            .. from part in Published
               let found = Examples.Count(part.Covers)
               where found != part.Count
               select new CountDifference(part, found),
        ];
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>All rows.</summary>
    public IReadOnlyList<Example> Examples { get; }

    /// <summary>The classes, in alphabetical order.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The published numbers of rows; empty where none is known.</summary>
    public IReadOnlyList<PublishedCount> Published { get; }

    /// <summary>Where the files differ from the published numbers; empty where they agree or nothing is known.</summary>
    public IReadOnlyList<CountDifference> Differences { get; }

    /// <summary>The rows of one split.</summary>
    /// <exception cref="InvalidDataException">The split has none.</exception>
    public IReadOnlyList<Example> Of(string split)
    {
        Example[] rows = [.. Examples.Where(example => example.Split == split)];
        return rows.Length > 0
            ? rows
            : throw new InvalidDataException(
                $"{Name} has no rows of split '{split}'; there are "
                    + $"{string.Join(", ", Examples.Select(example => example.Split).Distinct())}.");
    }

    /// <summary>The same rows, where a part of one split, drawn from each class alike, is the validation split.</summary>
    /// <param name="from">The split that gives them.</param>
    /// <param name="fraction">The part of it, above 0 and below 1; of each class rounded down.</param>
    /// <param name="seed">Sets the draw. Equal for equal seeds.</param>
    public DataSet WithValidation(string from, double fraction, int seed)
    {
        Random random = RandomSources.For(seed, RandomSources.Rows);
        HashSet<Example> held = new(ReferenceEqualityComparer.Instance);
        foreach (string label in Labels)
        {
            Example[] rows = [.. Of(from).Where(example => example.Label == label)];
            random.Shuffle(rows);
            held.UnionWith(rows.Take((int)(rows.Length * fraction)));
        }

        return new DataSet(
            Name, Name, Examples.Select(example => held.Contains(example) ? example with { Split = Splits.Validation } : example));
    }

    /// <summary>
    /// The rows of one split, or all, as a view. See <see cref="ToDataView(MLContext, IReadOnlyList{Example}, CancellationToken)"/>.
    /// </summary>
    public IDataView ToDataView(MLContext ml, string? split = null, CancellationToken cancellation = default) =>
        ToDataView(ml, split is null ? Examples : Of(split), cancellation);

    /// <summary>
    /// Some of the rows as a view with text columns Path (for <c>LoadImages</c> without a folder), or Text and perhaps TextPair; Label;
    /// Attribute (<c>all</c> where the data set has none); Group; Split. Images are decoded once at an eighth of their size before the view
    /// is made, so that a bad file is known before training, not in its middle.
    /// </summary>
    /// <exception cref="InvalidDataException">Images are missing or corrupt; the message counts and names them.</exception>
    public IDataView ToDataView(MLContext ml, IReadOnlyList<Example> examples, CancellationToken cancellation = default)
    {
        ImageCheck.Of(examples, cancellation).ThrowIfFaulty(Name);
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        Example first = Examples[0];
        if (first.Path is null) schema.Remove(schema[nameof(Row.Path)]);
        if (first.Text is null) schema.Remove(schema[nameof(Row.Text)]);
        if (first.TextPair is null) schema.Remove(schema[nameof(Row.TextPair)]);
        return ml.Data.LoadFromEnumerable(examples.Select(Row.Of), schema);
    }

    private sealed class Row
    {
        public string? Path { get; set; }

        public string? Text { get; set; }

        public string? TextPair { get; set; }

        public string Label { get; set; } = "";

        public string Attribute { get; set; } = "";

        public string Group { get; set; } = "";

        public string Split { get; set; } = "";

        public static Row Of(Example example) => new()
        {
            Path = example.Path,
            Text = example.Text,
            TextPair = example.TextPair,
            Label = example.Label,
            Attribute = example.Attribute ?? NoAttribute,
            Group = example.Group,
            Split = example.Split,
        };
    }
}
