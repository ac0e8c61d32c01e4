using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a network's last linear layer reads of rows, in evaluation mode and without gradients.</summary>
internal static class Embeddings
{
    /// <summary>One batch after another; each is computed when it is asked for. Leaves the network in evaluation mode.</summary>
    public static IEnumerable<float[][]> Of(TrainingSession session, TrainingRows rows)
    {
        session.Network.eval();
        return session.Evaluation.Select(rows, session.Footprint.Evaluation, (_, batch) => Of(session.Network, batch));
    }

    /// <summary>All at once, (N, D), float32, on the device of the training. They belong to the caller's dispose scope.</summary>
    public static Tensor AllOf(TrainingSession session, TrainingRows rows)
    {
        session.Network.eval();
        StagedNetwork network = session.Network;
        Tensor? rowsSoFar = null; // as large as all rows, so that they are not held a second time when the last has come
        session.Evaluation.ForEach(rows, session.Footprint.Evaluation, (start, batch) =>
        {
            Tensor embedding = network.ForwardToEmbedding(batch.Features); // (B, D)
            rowsSoFar ??= empty([rows.Indices.Length, embedding.size(1)], embedding.dtype, embedding.device).MoveToOuterDisposeScope();
            rowsSoFar.narrow(0, start, batch.Count).copy_(embedding);
        });
        Tensor all = rowsSoFar!;
        if (all.isfinite().all().cpu().data<bool>()[0]) return all;
        throw NotFinite();
    }

    private static float[][] Of(StagedNetwork network, Batch rows)
    {
        Tensor embedding = network.ForwardToEmbedding(rows.Features).cpu(); // (B, D)
        int width = (int)embedding.size(1);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(embedding.contiguous().bytes);
        var batch = new float[rows.Count][];
        if (PixelPacking.IndexOfNonFinite(values) >= 0)
            throw NotFinite();

        for (int i = 0; i < batch.Length; i++) batch[i] = values.Slice(i * width, width).ToArray();
        return batch;
    }

    private static TrainingDivergedException NotFinite() => new(
        "The trained network's embedding of a row is not finite, so that no head can be fitted to "
        + "it. Try a smaller learning rate, or gradient clipping (Optimizer.ClipNorm).");
}
