using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What readouts say of rows: the probability that each gives each class.</summary>
internal static class ReadoutProbabilities
{
    /// <summary>Goes through rows once, in order, and hands over what each readout says of each. Leaves the network and the readouts in
    /// evaluation mode.</summary>
    /// <param name="session">The training that the network is of.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="readouts">The readouts, at least one.</param>
    /// <param name="use">Looks at one row.</param>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public static void ForEach(TrainingSession session, TrainingRows rows, IReadOnlyList<TappedReadout> readouts, Use use)
    {
        int[] stages = [.. readouts.Select(readout => readout.Stage).Distinct().Order()];
        long bytes = session.Footprint.Evaluation + readouts.Max(readout => readout.RowBytes);
        session.Network.eval();
        foreach (TappedReadout readout in readouts) readout.Head.eval();
        session.Evaluation.ForEach(rows, bytes, (start, batch) =>
        {
            IReadOnlyDictionary<int, Tensor> taps = session.Network.ForwardToEach(stages, batch.Features);
            // First all of them, because a batch that does not fit into memory comes again, in parts.
            float[][] said = [.. readouts.Select(readout => Of(readout, taps[readout.Stage]))];
            foreach ((int readout, float[] probabilities) in said.Index())
            {
                int classes = probabilities.Length / batch.Count;
                for (int i = 0; i < batch.Count; i++) use(readout, start + i, probabilities.AsSpan(i * classes, classes));
            }
        });
    }

    private static float[] Of(TappedReadout readout, Tensor tap)
    {
        using Tensor probabilities = nn.functional.softmax(readout.Head.call(tap).to(ScalarType.Float32), 1).cpu(); // (B, C)
        return probabilities.contiguous().data<float>().ToArray();
    }

    /// <summary>Looks at what a readout says of a row.</summary>
    /// <param name="readout">The readout's place among those that are asked.</param>
    /// <param name="row">The row's place among the rows.</param>
    /// <param name="probabilities">What it gives each class; gone when this returns.</param>
    public delegate void Use(int readout, int row, ReadOnlySpan<float> probabilities);
}
