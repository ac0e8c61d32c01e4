using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a session's network says of packed rows, in evaluation mode and without gradients.</summary>
internal static class Prediction
{
    /// <summary>The predicted class of each row. Leaves the network in evaluation mode.</summary>
    public static long[] Classes(TrainingSession session, TrainingRows rows)
    {
        session.Network.eval();
        long[] predicted = new long[rows.Indices.Length];
        Range own = session.Ranks.PartOf(predicted.Length);
        session.Evaluation.ForEach(rows with { Indices = rows.Indices[own] }, session.Footprint.Evaluation, (start, batch) =>
        {
            Tensor classes = session.Network.call(batch.Features).argmax(1).cpu(); // (B)
            classes.data<long>().CopyTo(predicted.AsSpan(own.Start.Value + start, batch.Count));
        });
        if (session.Ranks.IsSingle) return predicted;
        return [.. session.Ranks.Sum([.. predicted.Select(each => (double)each)]).Select(each => (long)each)];
    }
}
