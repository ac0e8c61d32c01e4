using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The first half of "Just Train Twice" (ICML 2021): which training rows a briefly trained network gets wrong.</summary>
internal static class JustTrainTwice
{
    /// <summary>Trains the session's network for a few epochs, notes its errors, and draws its weights as they were before.</summary>
    /// <param name="session">The training.</param>
    /// <param name="part">What of the network is trained: what the second training trains.</param>
    /// <param name="options">For how many epochs.</param>
    /// <returns>Those rows.</returns>
    public static IReadOnlySet<long> FindErrors(TrainingSession session, TrainedPart part, JustTrainTwiceOptions options) =>
        session.GetOrCompute("errors of the identification", () => Identify(session, part, options)).ToHashSet();

    private static long[] Identify(TrainingSession session, TrainedPart part, JustTrainTwiceOptions options)
    {
        using ModuleSnapshot start = ModuleSnapshot.Of([session.Network]);
        using (var step = new SupervisedStep(session.Network, part, session.Risk, session.Options.Optimizer, []))
            session.Train("Identification", step, options.IdentificationEpochs!.Value);
        TrainingRows rows = session.Training;
        long[] predicted = Prediction.Classes(session, rows);
        long[] errors = [.. rows.Indices.Where((row, i) => predicted[i] != rows.Set.Labels[row])];
        start.Restore();
        session.Log(FormattableString.Invariant(
            $"Just Train Twice: the first network gets {errors.Length} of {rows.Indices.Length} training rows wrong; they count ")
                + FormattableString.Invariant($"{options.UpWeight} times."));
        return errors;
    }
}
