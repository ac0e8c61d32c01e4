using Microsoft.ML;
using Microsoft.ML.Data;

namespace Serve;

/// <summary>Scores one example after the other. For one request at a time; the pool of <see cref="ServedModel"/> holds several.</summary>
internal sealed class ScoringRow : IDisposable
{
    private readonly InputRow _input;
    private readonly DataViewRow _output;
    private readonly ValueGetter<VBuffer<float>> _score;
    private VBuffer<float> _scores;

    public ScoringRow(IRowToRowMapper pipeline)
    {
        DataViewSchema.Column score = pipeline.OutputSchema["Score"];
        _input = new InputRow(pipeline.InputSchema);
        _output = pipeline.GetRow(_input, [score]);
        _score = _output.GetGetter<VBuffer<float>>(score);
    }

    /// <summary>Scores an example.</summary>
    /// <param name="cells">Its values by column of the pipeline's input.</param>
    /// <returns>One number for each class.</returns>
    public float[] Score(IReadOnlyDictionary<int, object> cells)
    {
        _input.MoveNext(cells);
        _score(ref _scores);
        _input.Clear();
        return [.. _scores.DenseValues()];
    }

    public void Dispose() => _output.Dispose();
}
