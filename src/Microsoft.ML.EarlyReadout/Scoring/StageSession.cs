using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Computes what each stage of a network puts out, from its graph: neither libtorch nor the network's class is needed.</summary>
internal sealed class StageSession : IDisposable
{
    private readonly ScoringGraph _graph;
    private readonly ScoringColumns _columns;
    private readonly Cancellation _cancellation;
    private readonly GraphSession _session;
    private readonly string[] _outputs;

    /// <param name="graph">The model's graph.</param>
    /// <param name="stages">Stages of it: those that are computed.</param>
    /// <param name="columns">The model's columns.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="cancellation">Stops it at a row, and after the rows that are computed at once.</param>
    public StageSession(
        ScoringGraph graph, IReadOnlyList<GraphStage> stages, ScoringColumns columns, ScoringDevice device, Cancellation cancellation)
    {
        (_graph, _columns, _cancellation) = (graph, columns, cancellation);
        _outputs = [.. stages.Select((_, stage) => FormattableString.Invariant($"Stage output {stage}"))];
        _session = new GraphSession(
            graph, OnnxGraph.Giving(graph.Bytes, _outputs.Zip(stages, (name, stage) => (name, stage.Value))), device);
    }

    /// <summary>Reads rows, and gives for each what every stage that was asked for puts out for it, averaged over an image's pixels or a
    /// text's tokens.</summary>
    /// <param name="rows">A cursor in which the columns are active that the model reads.</param>
    /// <param name="batch">Rows in a batch.</param>
    /// <param name="read">Called once each row has been read, before the next.</param>
    /// <param name="isWanted">Asked at each row, in their order: whether it is read at all; every row is where it is left out.</param>
    /// <returns>By row that was read, and stage.</returns>
    public IReadOnlyList<float[][]> Read(DataViewRowCursor rows, int batch, Action read, Func<bool>? isWanted = null)
    {
        ColumnBuffer[] buffers = [.. _columns.ReadIn(rows.Schema).Select(column => ColumnBuffer.Create(rows, column, 1))];
        var reader = BufferedFeatureReader.Create(buffers, _columns, rows);
        int size = _graph.Shape.Size, count = 0;
        var features = new float[batch * size];
        List<float[][]> all = [];
        while (rows.MoveNext())
        {
            _cancellation.ThrowIfRequested();
            if (isWanted?.Invoke() == false) continue;
            foreach (ColumnBuffer buffer in buffers) buffer.Fill(0);
            reader.Read(0, features.AsSpan(count * size, size));
            read();
            if (++count < batch) continue;
            all.AddRange(Run(features, count));
            count = 0;
        }

        if (count > 0) all.AddRange(Run(features, count));
        return all;
    }

    public void Dispose() => _session.Dispose();

    private float[][][] Run(float[] features, int count)
    {
        var stages = new float[count][][];
        _session.Run(features, count, _outputs, (places, values) =>
        {
            _cancellation.ThrowIfRequested(); // other texts may be left
            float[][][] means = [.. values.Select(value => Means(value, places.Length, _graph.Tokens is not null))];
            foreach ((int i, int place) in places.Index()) stages[place] = [.. means.Select(stage => stage[i])];
        });
        return stages;
    }

    private static float[][] Means(OrtValue output, int count, bool areTokens)
    {
        long[] shape = output.GetTensorTypeAndShape().Shape;
        ReadOnlySpan<float> values = output.GetTensorDataAsSpan<float>();
        int size = values.Length / count;
        var means = new float[count][];
        for (int row = 0; row < count; row++) means[row] = areTokens
            ? MeanOfTokens(values.Slice(row * size, size), (int)shape[^1]) : Mean(values.Slice(row * size, size), shape);
        return means;
    }

    // (L, D) → (D): padding is zeros, and is not counted.
    private static float[] MeanOfTokens(ReadOnlySpan<float> row, int width)
    {
        var mean = new float[width];
        int tokens = 0;
        for (int start = 0; start < row.Length; start += width)
        {
            ReadOnlySpan<float> token = row.Slice(start, width);
            if (!token.ContainsAnyExcept(0f)) continue;
            TensorPrimitives.Add(mean, token, mean);
            tokens++;
        }

        TensorPrimitives.Divide(mean, Math.Max(1, tokens), mean);
        return mean;
    }

    // (C, H, W) → (C), (D) as it is.
    private static float[] Mean(ReadOnlySpan<float> row, long[] shape)
    {
        if (shape.Length == 2) return row.ToArray();
        var means = new float[(int)shape[1]];
        int pixels = row.Length / means.Length;
        for (int channel = 0; channel < means.Length; channel++)
            means[channel] = TensorPrimitives.Sum(row.Slice(channel * pixels, pixels)) / pixels;
        return means;
    }
}
