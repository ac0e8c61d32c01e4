using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Notices a model that answers one class whatever it reads: its figures may look good where that class is frequent, and it has learned
/// nothing.
/// </summary>
internal static class OneClassAnswers
{
    /// <summary>
    /// Warns where every training row gets one answer. The other rows are looked at only where those of the sample do, and only until one
    /// gets another.
    /// </summary>
    /// <param name="session">The training; its network is on the CPU.</param>
    /// <param name="sample">The answers for some training rows, at least one.</param>
    public static void Warn(TrainingSession session, int[] sample)
    {
        TrainingRows rows = session.Training;
        int answer = sample[0];
        if (Array.Exists(sample, other => other != answer)) return;
        if (rows.Indices.Length > sample.Length && !IsAnswerForAll(session, answer)) return;
        int right = rows.Indices.Count(row => rows.Set.Labels[row] == answer);
        session.Warn(FormattableString.Invariant(
            $"The model answers '{rows.Set.ClassNames[answer]}' for every one of the {rows.Indices.Length} training rows, ")
            + FormattableString.Invariant($"{right} of which ({100.0 * right / rows.Indices.Length:F1} %) are of that class: ")
            + "it has learned nothing from the features. "
            + "Raise Optimizer.LearningRate or Epochs, or lower BatchSize, so that it trains more; "
            + $"bring tabular features to one scale (NormalizeMeanVariance). {session.Options.OneClassAdvice}".TrimEnd());
    }

    private static bool IsAnswerForAll(TrainingSession session, int answer)
    {
        session.Network.eval();
        var batches = new EvaluationBatches(CPU, session.Cancellation);
        return batches.Select(session.Training, session.Footprint.Evaluation, IsForBatch).All(forBatch => forBatch);

        bool IsForBatch(int start, Batch batch) =>
            session.Network.call(batch.Features).argmax(1).data<long>().All(other => other == answer);
    }
}
