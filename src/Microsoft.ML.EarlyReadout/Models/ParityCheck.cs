using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Compares a network with its graph, logit by logit.</summary>
internal static class ParityCheck
{
    /// <summary>Compares a network with any other way of computing its logits.</summary>
    /// <param name="network">The network; it is put in evaluation mode meanwhile.</param>
    /// <param name="scorer">From a batch as stored (float32, on the CPU) to the logits, row by row.</param>
    /// <param name="rows">A batch as stored, on any device.</param>
    /// <param name="tolerance">The largest difference allowed, relative to the logit where that is above 1.</param>
    /// <param name="firstRow">The rows that were compared before the batch, for the message.</param>
    /// <param name="allRows">The rows of all batches, for the message; <see langword="null"/>: there is this one alone.</param>
    /// <exception cref="ParityException">They differ by more, or a logit is not a number.</exception>
    public static void Verify(
        StagedNetwork network, Func<Tensor, float[]> scorer, Tensor rows, double tolerance = 1e-4, int firstRow = 0,
        long? allRows = null) =>
        Verify(
            network.GetName(), "logits", network, () => network.call(OnDevice(network, rows)), scorer, rows, tolerance, firstRow, allRows);

    /// <summary>Compares a readout with any other way of computing its probabilities.</summary>
    /// <param name="readout">The readout.</param>
    /// <param name="network">The network that it taps; both are put in evaluation mode meanwhile.</param>
    /// <param name="scorer">From a batch as stored (float32, on the CPU) to the probabilities, row by row.</param>
    /// <param name="rows">A batch as stored, on any device.</param>
    /// <param name="tolerance">The largest difference allowed.</param>
    /// <param name="firstRow">The rows that were compared before the batch, for the message.</param>
    /// <param name="allRows">The rows of all batches, for the message; <see langword="null"/>: there is this one alone.</param>
    /// <exception cref="ParityException">They differ by more, or a probability is not a number.</exception>
    public static void Verify(
        TappedReadout readout, StagedNetwork network, Func<Tensor, float[]> scorer, Tensor rows, double tolerance = 1e-4, int firstRow = 0,
        long? allRows = null)
    {
        bool training = readout.Head.training;
        readout.Head.eval();
        try
        {
            Verify(readout.Name, "probabilities", network, Probabilities, scorer, rows, tolerance, firstRow, allRows);
        }
        finally
        {
            readout.Head.train(training);
        }

        Tensor Probabilities() => nn.functional.softmax(readout.Head.call(network.ForwardTo(readout.Stage, OnDevice(network, rows))), 1);
    }

    private static void Verify(
        string name, string what, StagedNetwork network, Func<Tensor> compute, Func<Tensor, float[]> scorer, Tensor rows, double tolerance,
        int firstRow, long? allRows)
    {
        int classes = network.ClassCount;
        using DisposeScope scope = NewDisposeScope();
        float[] trained = InEvaluation(network, compute);
        float[] exported = scorer(rows.cpu().to(ScalarType.Float32).contiguous());
        if (trained.Length != exported.Length)
            throw new ParityException(
                FormattableString.Invariant(
                    $"The exported graph gives {exported.Length} {what} for {rows.size(0)} rows, {name} {trained.Length}."));
        for (int i = 0; i < trained.Length; i++)
        {
            double difference = Math.Abs((double)trained[i] - exported[i]) / Math.Max(1, Math.Abs((double)trained[i]));
            if (difference <= tolerance) continue; // false for NaN too
            throw new ParityException(FormattableString.Invariant(
                $"The exported graph differs from {name} in number {firstRow + i / classes + 1} of the ") +
                FormattableString.Invariant($"{allRows ?? rows.size(0)} training rows that were compared, class {i % classes}: ") +
                FormattableString.Invariant($"{exported[i]} instead of {trained[i]}, ") +
                FormattableString.Invariant(
                    $"a difference of {difference:g3} (the largest is {Largest(trained, exported):g3}) where {tolerance:g3} is allowed. ") +
                "A layer whose Export does not compute what its forward computes, or weights that are not finite, are the usual causes.");
        }
    }

    private static double Largest(float[] trained, float[] exported) =>
        trained.Zip(exported, (a, b) => Math.Abs((double)a - b) / Math.Max(1, Math.Abs((double)a))).Max();

    private static Tensor OnDevice(StagedNetwork network, Tensor rows) => rows.to(network.parameters().First().device);

    private static float[] InEvaluation(StagedNetwork network, Func<Tensor> compute)
    {
        using IDisposable noGrad = no_grad();
        bool training = network.training;
        network.eval();
        try
        {
            return compute().cpu().data<float>().ToArray();
        }
        finally
        {
            network.train(training);
        }
    }
}
