using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the network says of packed rows, in evaluation mode and without gradients.</summary>
internal static class Prediction
{
    private const int BatchSize = 256;

    /// <summary>The predicted class of each row. Leaves the network in evaluation mode.</summary>
    public static long[] Classes(StagedNetwork network, TrainingRows rows, Device device, Cancellation cancellation)
    {
        network.eval();
        using var noGrad = no_grad();
        long[] predicted = new long[rows.Rows.Length];
        for (int start = 0; start < predicted.Length; start += BatchSize)
        {
            cancellation.ThrowIfRequested();
            using var scope = NewDisposeScope();
            int count = Math.Min(BatchSize, predicted.Length - start);
            Batch batch = rows.Set.Gather(rows.Rows.AsSpan(start, count), device);
            Tensor classes = network.call(batch.Features).argmax(1).cpu(); // (B)
            classes.data<long>().CopyTo(predicted.AsSpan(start, count));
        }

        return predicted;
    }
}
