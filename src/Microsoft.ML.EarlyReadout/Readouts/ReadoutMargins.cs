using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How sure a readout was when its training ended: what the margins of later rows are compared with. Saved with the
/// model.</summary>
/// <param name="Name">The readout's name.</param>
/// <param name="Right">The margins of the rows that it read rightly.</param>
/// <param name="Wrong">The margins of the rows that it read wrongly.</param>
internal sealed record ReadoutMargins(string Name, MarginDistribution Right, MarginDistribution Wrong)
{
    // Enough to tell distributions apart, and seconds at most for large images: about what a validation takes.
    private const int MostRows = 2048;

    /// <summary>The margins of a session's readouts on its validation rows, or on its training rows where it has none; on some of them,
    /// evenly spread, where there are very many. Leaves the network in evaluation mode.</summary>
    public static IReadOnlyList<ReadoutMargins> Of(TrainingSession session)
    {
        if (session.Readouts.Count == 0) return [];
        TrainingRows rows = (session.Validation ?? session.Training).Sample(MostRows);
        var margins = new float[session.Readouts.Count][];
        var wrong = new bool[session.Readouts.Count][];
        for (int i = 0; i < margins.Length; i++) (margins[i], wrong[i]) = (new float[rows.Indices.Length], new bool[rows.Indices.Length]);

        int[] stages = [.. session.Readouts.Select(readout => readout.Stage).Distinct().Order()];
        long bytes = session.Footprint.Evaluation + session.Readouts.Max(readout => readout.RowBytes);
        session.Network.eval();
        session.Evaluation.ForEach(rows, bytes, (start, batch) =>
        {
            IReadOnlyDictionary<int, Tensor> taps = session.Network.ForwardToEach(stages, batch.Features);
            foreach ((int index, TappedReadout readout) in session.Readouts.Index())
            {
                readout.Head.eval();
                using Tensor scores = readout.Head.call(taps[readout.Stage]).to(ScalarType.Float32).softmax(1).cpu(); // (B, C)
                ReadOnlySpan<float> probabilities = scores.contiguous().data<float>().ToArray();
                int classes = (int)scores.size(1);
                for (int i = 0; i < batch.Count; i++)
                {
                    ReadOnlySpan<float> row = probabilities.Slice(i * classes, classes);
                    margins[index][start + i] = ConfidenceMargin.Of(row);
                    wrong[index][start + i] = ReadoutWeighting.IsWrong(row, rows.Set.Labels[rows.Indices[start + i]]);
                }
            }
        });
        return [.. session.Readouts.Select((readout, index) => new ReadoutMargins(
            readout.Name,
            MarginDistribution.Of([.. margins[index].Where((_, row) => !wrong[index][row])]),
            MarginDistribution.Of([.. margins[index].Where((_, row) => wrong[index][row])])))];
    }
}
