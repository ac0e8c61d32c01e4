namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The weights of the training rows. They start at 1; every L epochs a fresh readout of the student is trained on the training rows, read
/// on them, and all weights are made anew: those of rows that are read rightly again go back to 1. The student stays as it is, to the bit.
/// </summary>
internal sealed class RowWeights(TrainingSession session, DebiasedDistillationTrainer.Options options)
{
    private readonly ReadoutWeighting _weighting = new(options.Alpha, options.Beta!.Value, options.WeightCap);

    /// <summary>Warns where the training ends before the first epoch that is weighted.</summary>
    public void WarnIfNeverDue()
    {
        int rows = session.Training.Indices.Length, before = options.StartEpoch - 1;
        var batches = new BatchPlan(rows, options.BatchSize);
        long steps = options.StepsOver(rows), unweighted = batches.StepsOf(before);
        if (options.Method != DistillationMethod.Debiased || steps > unweighted) return;
        string longer = options.Steps is null
            ? FormattableString.Invariant($"Epochs, which is {options.Epochs}, above {before}")
            : FormattableString.Invariant($"Steps, which is {steps}, above {unweighted}: an epoch has {batches.Count}");
        session.Warn(FormattableString.Invariant(
            $"Method is Debiased, but the training ends before the first epoch that is weighted: StartEpoch is {options.StartEpoch}. ")
            + $"So every row weighs 1, which is plain distillation. Set StartEpoch to 1, or raise {longer}.");
    }

    /// <summary>
    /// The weight of each row of the packed set from an epoch on, or <see langword="null"/> where the epoch is not due for new ones.
    /// </summary>
    /// <param name="epoch">The epoch that begins, from 1.</param>
    public float[]? Renew(int epoch)
    {
        if (options.Method != DistillationMethod.Debiased || epoch < options.StartEpoch
            || (epoch - options.StartEpoch) % options.ReadoutEvery != 0)
            return null;
        using TappedReadout readout = session.CreateReadout("readout", options.Readout, session.Seeds.For("readout", epoch));
        Train(readout, epoch);
        return Read(readout);
    }

    private void Train(TappedReadout readout, int epoch)
    {
        using WeightedRisk? balanced = options.ClassBalancedReadout
            ? WeightedRisk.ClassBalanced(session.Training, LabelLoss.Plain, session.Device)
            : null;
        IRisk risk = balanced ?? (IRisk)EmpiricalRisk.Plain;
        using var trainer = new ReadoutTrainer(readout, risk, options.ReadoutLearningRate!.Value, options.ReadoutWeightDecay, "readout");
        using var step = new ReadoutStep(session.Network, [trainer]);
        session.Train("Readout", step, options.ReadoutEpochs, repetition: epoch);
    }

    private float[] Read(TappedReadout readout)
    {
        long[] rows = session.Training.Indices;
        float[] weights = Ones(session.Training.Set.Count);
        long wrong = 0;
        ReadoutProbabilities.ForEach(session, session.Training, [readout], (_, place, probabilities) =>
        {
            long row = rows[place];
            int label = session.Training.Set.Labels[row];
            weights[row] = (float)_weighting.Of(probabilities, label);
            if (ReadoutWeighting.IsWrong(probabilities, label)) wrong++;
        });

        double mean = rows.Average(row => (double)weights[row]);
        if (options.NormalizeWeights) foreach (long row in rows) weights[row] = (float)(weights[row] / mean);
        session.Log(FormattableString.Invariant(
            $"The readout at stage {readout.Stage} gets {wrong} of {rows.Length} training rows wrong; weights from ")
                + FormattableString.Invariant(
                    $"{rows.Min(row => weights[row]):G4} to {rows.Max(row => weights[row]):G4}, mean ")
                        + FormattableString.Invariant($"{rows.Average(row => weights[row]):G4}."));
        return weights;
    }

    private static float[] Ones(long count)
    {
        var ones = new float[count];
        Array.Fill(ones, 1f);
        return ones;
    }
}
