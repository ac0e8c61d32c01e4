using System.Text.Json;
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Serve;

/// <summary>A saved model and a pool of rows to score with. It knows Microsoft's packages only. Thread-safe.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly ITransformer _loaded;
    private readonly ObjectPool<ScoringRow> _rows;
    private readonly DataViewSchema _schema;
    private readonly InputCell[] _cells;
    private readonly DataViewSchema.Column? _image;
    private readonly string[] _classes;

    private ServedModel(ITransformer loaded, DataViewSchema inputSchema, int parallel, int maxCharacters)
    {
        _loaded = loaded;
        (ITransformer pipeline, _schema) = ImagePipeline.Of(loaded, inputSchema);
        IRowToRowMapper mapper = Bind(pipeline, _schema);
        DataViewSchema.Column score = mapper.OutputSchema.GetColumnOrNull("Score")
            ?? throw new NotSupportedException("The model has no column 'Score': it is no classifier, or has another ScoreColumnName.");
        _classes = ClassNames.Of(score);
        DataViewSchema.Column[] inputs = [.. mapper.GetDependencies([score])];
        if (inputs is [{ Type: ImageDataViewType } image]) _image = image;
        _cells = _image is null ? [.. inputs.Select(column => new InputCell(column, maxCharacters))] : [];
        _rows = new DefaultObjectPoolProvider { MaximumRetained = parallel }.Create(new Policy(mapper));
        _rows.Return(_rows.Get()); // what cannot be made is told at the start
    }

    /// <summary>Whether an example is an image; else it is a row.</summary>
    public bool ReadsImages => _image is not null;

    /// <summary>The name of the column of images.</summary>
    public string ImageColumn => _image?.Name ?? throw new NotSupportedException("The model reads no images.");

    /// <summary>What the model reads and answers.</summary>
    public Description Description => new(
        ReadsImages ? "image" : "row", _cells.ToDictionary(cell => cell.Column.Name, cell => cell.Column.Type.ToString()!), _classes);

    /// <summary>Loads a model.</summary>
    /// <param name="path">The zip that <c>ml.Model.Save</c> wrote.</param>
    /// <param name="parallel">How many rows the pool keeps.</param>
    /// <param name="maxCharacters">The most characters of a text.</param>
    /// <exception cref="NotSupportedException">It is no classifier, or reads columns of other types.</exception>
    public static ServedModel Load(string path, int parallel, int maxCharacters)
    {
        ITransformer loaded = new MLContext().Model.Load(path, out DataViewSchema schema);
        try
        {
            return new ServedModel(loaded, schema, parallel, maxCharacters);
        }
        catch
        {
            (loaded as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>Scores an image; it stays the caller's.</summary>
    public Answer Score(MLImage image) => Score(new Dictionary<int, object> { [_image!.Value.Index] = image });

    /// <summary>Scores a row.</summary>
    /// <param name="row">An object with a member for each column.</param>
    /// <exception cref="BadHttpRequestException">A column is missing, unknown, of another type or too large.</exception>
    public Answer Score(JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
            throw new BadHttpRequestException("The body must be one JSON object with a member for each column.");
        foreach (JsonProperty member in row.EnumerateObject())
        {
            // A column that only training reads, such as the label, does no harm.
            if (_schema.GetColumnOrNull(member.Name) is null)
                throw new BadHttpRequestException(
                    $"There is no column '{member.Name}'. The model reads {string.Join(", ", _cells.Select(cell => cell.Column.Name))}.");
        }

        return Score(_cells.ToDictionary(cell => cell.Column.Index, cell => cell.Read(row)));
    }

    /// <summary>Frees the model, and deletes the copy of its graph in the temporary folder.</summary>
    public void Dispose()
    {
        (_rows as IDisposable)?.Dispose();
        (_loaded as IDisposable)?.Dispose();
    }

    private Answer Score(IReadOnlyDictionary<int, object> cells)
    {
        ScoringRow row = _rows.Get();
        float[] scores;
        try
        {
            scores = row.Score(cells);
        }
        catch
        {
            row.Dispose(); // its transforms may hold half a row
            throw;
        }

        _rows.Return(row);
        if (!Array.TrueForAll(scores, float.IsFinite))
        {
            throw new BadHttpRequestException(
                "The model's scores of this example are not finite: a number in it may be too large for the network.");
        }

        return new Answer(
            _classes[Array.IndexOf(scores, scores.Max())],
            _classes.Zip(scores).ToDictionary(pair => pair.First, pair => pair.Second));
    }

    private static IRowToRowMapper Bind(ITransformer pipeline, DataViewSchema schema)
    {
        try
        {
            return pipeline.GetRowToRowMapper(schema);
        }
        catch (ArgumentOutOfRangeException fault)
        {
            throw new NotSupportedException(
                $"The zip lacks a column that its pipeline reads: {fault.Message} ML.NET saves no columns of images. Save a pipeline "
                    + "that begins with LoadImages; its images are replaced by those that are uploaded.", fault);
        }
    }

    private sealed class Policy(IRowToRowMapper pipeline) : PooledObjectPolicy<ScoringRow>
    {
        public override ScoringRow Create() => new(pipeline);

        public override bool Return(ScoringRow obj) => true;
    }
}
