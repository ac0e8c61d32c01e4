using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Automatic feature reweighting, "Simple and Fast Group Robustness by Automatic Feature Reweighting" (ICML 2023): the network is trained
/// on a part of its rows; on the others its last layer is trained on, where rows that the trained network is not sure of count more. No
/// groups are needed.
/// </summary>
internal static class AutomaticFeatureReweighting
{
    /// <param name="session">The training.</param>
    /// <param name="options">How rows are weighed, and the layer is trained.</param>
    /// <param name="readouts">The readouts that are trained together with the network.</param>
    /// <param name="trainNetwork">Trains the network on some of the training rows.</param>
    public static void Run(
        TrainingSession session, AutomaticFeatureReweightingOptions options, IReadOnlyList<ReadoutTrainer> readouts,
        Action<TrainingRows> trainNetwork)
    {
        Linear last = session.Network.LastLinear ?? throw new ArgumentException(
            $"Objective.Kind is {ObjectiveKind.AutomaticFeatureReweighting}, which trains the last linear layer on; the head of "
            + $"{session.Network.GetName()} ends in none. Choose another network, or another objective.");
        (TrainingRows trained, TrainingRows heldOut) = Split(session, options.HeldOutFraction);
        CheckClasses(session.Training, heldOut, options.HeldOutFraction);
        trainNetwork(trained);
        if (session.Cancellation.IsAcknowledged || session.HasFinishedTraining) return; // a checkpoint has the layer as it was trained
        try
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor embeddings = Embeddings.AllOf(session, heldOut); // (N, D)
            var errors = new ReadoutWeighting(options.Alpha, options.Beta!.Value, Cap: null);
            float[] weights = options.Source switch
            {
                ReweightingSource.Readout => Weights(heldOut, Read(session, heldOut, readouts[0].Readout), errors.Of),
                ReweightingSource.Network =>
                    Weights(heldOut, Read(last, embeddings), ReweightedRows.ByConfidence(options.Gamma)),
                _ => throw new UnreachableException($"No weights by {options.Source}."),
            };
            session.Log(FormattableString.Invariant(
                $"Automatic feature reweighting: the last layer is trained on {weights.Length} rows that the network was not trained on; ")
                + FormattableString.Invariant($"the one that counts most counts {weights.Max() * weights.Length:G4} times the mean."));
            Train(session, options, last, heldOut, embeddings, weights);
            session.ValidateRefitted();
        }
        catch (OperationCanceledException) when (session.Options.OnCancellation == CancellationBehavior.ReturnBest)
        {
            session.Cancellation.Acknowledge();
            session.Log("Cancelled while the last layer was trained on; the network is returned with the layer that it was trained with.");
        }
    }

    // By classes alone, also where groups are known: the method is told none.
    private static (TrainingRows Trained, TrainingRows HeldOut) Split(TrainingSession session, double fraction)
    {
        TrainingRows rows = session.Training;
        int[] classes = [.. rows.Indices.Select(row => rows.Set.Labels[row])];
        try
        {
            (long[] trained, long[] heldOut) = Holdout.Split(classes, fraction, session.Seeds.For("reweighting").Seed);
            return (Of(trained), Of(heldOut));
        }
        catch (InvalidDataException fault)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"Objective.AutomaticFeatureReweighting.HeldOutFraction is {fraction}. With ")
                + FormattableString.Invariant($"{classes.Length} training rows, no row is left to train the last layer. Raise it."), fault);
        }

        TrainingRows Of(long[] places) => rows with { Indices = [.. places.Select(place => rows.Indices[place])] };
    }

    private static void CheckClasses(TrainingRows training, TrainingRows heldOut, double fraction)
    {
        if (training.ClassLackingIn(heldOut) is not { } lacking) return;
        int rows = training.Indices.Count(row => training.Set.Labels[row] == lacking);
        throw new ArgumentException(
            FormattableString.Invariant($"Objective.AutomaticFeatureReweighting.HeldOutFraction is {fraction}, and no row of the class ")
            + $"'{training.Set.ClassNames[lacking]}' is held out: the last layer, which is trained on held-out rows, would unlearn it. "
            + (rows == 1
                ? "The class has one training row, which the network needs. Give it more rows, or leave it out."
                : FormattableString.Invariant($"The class has {rows} training rows. Raise HeldOutFraction, or give it more rows.")));
    }

    private static float[] Weights(TrainingRows rows, float[] probabilities, ReweightedRows.RowCount counts) =>
        ReweightedRows.Weights(probabilities, [.. rows.Indices.Select(row => rows.Set.Labels[row])], counts);

    /// <summary>What the network's last layer gives each class, (N, C).</summary>
    private static float[] Read(Linear last, Tensor embeddings)
    {
        using IDisposable noGrad = no_grad();
        return nn.functional.softmax(last.call(embeddings), 1).cpu().data<float>().ToArray();
    }

    /// <summary>What a readout gives each class, (N, C).</summary>
    private static float[] Read(TrainingSession session, TrainingRows rows, TappedReadout readout)
    {
        int classes = rows.Set.Classes;
        var all = new float[(long)rows.Indices.Length * classes];
        ReadoutProbabilities.ForEach(
            session, rows, [readout], (_, row, probabilities) => probabilities.CopyTo(all.AsSpan(row * classes, classes)));
        return all;
    }

    private static void Train(
        TrainingSession session, AutomaticFeatureReweightingOptions options, Linear last, TrainingRows heldOut, Tensor embeddings,
        float[] weights)
    {
        Tensor labels = tensor([.. heldOut.Indices.Select(row => (long)heldOut.Set.Labels[row])], device: session.Device); // (N)
        using var descent = new LastLayerDescent(
            last, embeddings, labels, tensor(weights, device: session.Device), options.LearningRate, options.Penalty);
        using var best = new BestNetwork([descent.Layer]);
        Func<double>? validate = Validation(session, descent.Layer);
        for (int epoch = 1; epoch <= options.Epochs; epoch++)
        {
            session.Cancellation.ThrowIfRequested();
            descent.Step();
            if (validate is not null) best.Update(epoch, validate());
        }

        best.Restore();
        using (no_grad())
        {
            if (descent.Layer.parameters().Any(parameter => PixelPacking.IndexOfNonFinite(parameter.cpu().data<float>().ToArray()) >= 0))
            {
                throw new TrainingDivergedException("The last layer that automatic feature reweighting trained is not finite. Try a "
                    + "smaller Objective.AutomaticFeatureReweighting.LearningRate.");
            }
        }

        last.Set(descent.Layer);
        if (best.Score is { } score)
        {
            session.Log(FormattableString.Invariant(
                $"Keeping the last layer of pass {best.Step}: validation {session.Options.Selection} {score:F4}."));
        }
    }

    /// <summary>Gives a layer's figure on the validation rows; <see langword="null"/> where none is asked for.</summary>
    private static Func<double>? Validation(TrainingSession session, Linear layer)
    {
        SelectionMetric selection = session.Options.Selection;
        if (session.Validation is not { } rows || selection == SelectionMetric.LastEpoch) return null;
        Tensor embeddings = Embeddings.AllOf(session, rows); // (M, D)
        int[] labels = [.. rows.Indices.Select(row => rows.Set.Labels[row])];
        int[] groups = rows.Set.Groups is { } all ? [.. rows.Indices.Select(row => all[row])] : [];
        return () =>
        {
            using IDisposable noGrad = no_grad();
            using DisposeScope scope = NewDisposeScope();
            long[] predicted = layer.call(embeddings).argmax(1).cpu().data<long>().ToArray(); // (M)
            return EpochSelection.Score(selection, predicted, labels, groups);
        };
    }
}
