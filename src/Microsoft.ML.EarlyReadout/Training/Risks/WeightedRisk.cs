using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Cross-entropy with a weight for each training row: <c>1/B Σ_i w_i·(−log p_{y_i}(x_i))</c>. The weights have mean 1 over the training
/// rows, so that they do not change the learning rate; a row of weight 5 then counts as five copies of it would.
/// </summary>
/// <param name="weights">The weight of each row of the packed set.</param>
/// <param name="loss">The loss of a row.</param>
/// <param name="device">The device of the training.</param>
internal sealed class WeightedRisk(float[] weights, LabelLoss loss, Device device) : IRisk, IDisposable
{
    private readonly Tensor _weights = tensor(weights, device: device).DetachFromDisposeScope(); // (N)

    /// <summary>Each class counts alike: <c>w_i = n / (C·n_{y_i})</c>, over the classes that have rows; n counts rows as often as
    /// their example weights say.</summary>
    public static WeightedRisk ClassBalanced(TrainingRows rows, LabelLoss loss, Device device)
    {
        var counts = rows.Indices.GroupBy(row => rows.Set.Labels[row]).ToDictionary(c => c.Key, c => c.Sum(loss.WeightOf));
        float[] weights = Scaled(rows, row => counts[rows.Set.Labels[row]] is > 0 and double count ? 1 / count : 0, loss);
        return new WeightedRisk(weights, loss, device);
    }

    /// <summary>Some rows count <paramref name="factor"/> times: "Just Train Twice" (ICML 2021).</summary>
    public static WeightedRisk UpWeighted(
        TrainingRows rows, IReadOnlySet<long> upWeighted, double factor, LabelLoss loss, Device device) =>
        new(UpWeights(rows, upWeighted, factor, loss), loss, device);

    /// <summary>The weight of each row of the packed set where some count <paramref name="factor"/> times.</summary>
    public static float[] UpWeights(TrainingRows rows, IReadOnlySet<long> upWeighted, double factor, LabelLoss loss) =>
        Scaled(rows, row => upWeighted.Contains(row) ? factor : 1, loss);

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Batch batch) =>
        loss.OfEach(logits, batch).mul(batch.Take(_weights)).mean();

    public void Dispose() => _weights.Dispose();

    /// <summary>The weights of the rows, scaled so that they and the loss's own have mean 1 together.</summary>
    private static float[] Scaled(TrainingRows rows, Func<long, double> weight, LabelLoss loss)
    {
        double mean = rows.Indices.Average(row => weight(row) * loss.WeightOf(row));
        var weights = new float[rows.Set.Count];
        foreach (long row in rows.Indices) weights[row] = (float)(weight(row) / mean);
        return weights;
    }
}
