using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a network's last linear layer reads of rows, in evaluation mode and without gradients.</summary>
internal static class Embeddings
{
    private const int BatchSize = 256;

    /// <summary>One batch after another; each is computed when it is asked for. Leaves the network in evaluation mode.</summary>
    public static IEnumerable<float[][]> Of(TrainingSession session, TrainingRows rows)
    {
        session.Network.eval();
        for (int start = 0; start < rows.Rows.Length; start += BatchSize)
        {
            session.Cancellation.ThrowIfRequested();
            yield return Batch(session, rows.Set, rows.Rows.AsSpan(start, Math.Min(BatchSize, rows.Rows.Length - start)));
        }
    }

    private static float[][] Batch(TrainingSession session, TrainingSet set, ReadOnlySpan<long> rows)
    {
        using var noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor embedding = session.Network.ForwardToEmbedding(set.Gather(rows, session.Device).Features).cpu(); // (B, D)
        int width = (int)embedding.size(1);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(embedding.contiguous().bytes);
        var batch = new float[rows.Length][];
        if (PixelPacking.IndexOfNonFinite(values) >= 0)
        {
            throw new TrainingDivergedException("The trained network's embedding of a row is not finite, so that no head can be fitted to it. Try a smaller learning rate, "
                + "or gradient clipping (Optimizer.ClipNorm).") { LastGoodEpoch = session.History.SelectedEpoch };
        }

        for (int i = 0; i < batch.Length; i++) batch[i] = values.Slice(i * width, width).ToArray();
        return batch;
    }
}
