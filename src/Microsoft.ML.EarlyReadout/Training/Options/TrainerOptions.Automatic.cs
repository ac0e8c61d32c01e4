using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout;

// What options that are automatic come to.
public abstract partial class TrainerOptions
{
    /// <summary>The first stage that the method's readout may read; a trial's stage is brought back among those from there.</summary>
    /// <value>1, unless a method says otherwise.</value>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual int FirstReadoutStage => 1;

    /// <summary>Sets each option that is still automatic.</summary>
    /// <param name="facts">What is trained.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual void SetAutomatic(TrainingFacts facts)
    {
        AutomaticValues values = facts.Values;
        if (Optimizer.Kind == OptimizerKind.Automatic) Optimizer.Kind = values.Optimizer;
        Optimizer.ClipNorm ??= values.ClipNorm;
        Optimizer.LearningRate ??= values.RateOf(Optimizer.Kind);
        if (Schedule.Kind == ScheduleKind.Automatic) Schedule.Kind = values.Schedule;
        if (facts.Network is TextEncoder encoder) Network.Encoder.Heads ??= encoder.Heads;
        if (Steps is null) Epochs ??= Math.Clamp(facts.EpochsOf(values.Steps, BatchSize), values.FewestEpochs, values.MostEpochs);
        Schedule.WarmUpSteps ??= (int)(values.WarmUp * StepsOver(facts.Rows));
    }

    /// <summary>Sets what is still automatic of a readout's options, and in a trial brings its stage back among those that there
    /// are.</summary>
    /// <param name="readout">The readout's options.</param>
    /// <param name="facts">What is trained.</param>
    /// <param name="depth">The automatic depth.</param>
    /// <param name="width">The automatic width; <see langword="null"/>: the stage's channels.</param>
    /// <exception cref="ArgumentException">The network has no such stage.</exception>
    [Experimental(ExperimentalId.OwnMethod)]
    protected void SetAutomatic(ReadoutOptions readout, TrainingFacts facts, int depth, int? width)
    {
        if (IsTrial) readout.FoldStage(facts.Network, FirstReadoutStage);
        readout.SetAutomatic(facts.Network, depth, width);
    }

    /// <summary>
    /// The rate of a readout: the main rate of gradient descent, or ten times it where weights are pretrained, as released.
    /// </summary>
    /// <param name="facts">What is trained.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected double ReadoutRate(TrainingFacts facts) => facts.Values.ReadoutRate * DescentRate(facts);

    /// <summary>Epochs, one that ends in the middle included; once nothing is automatic any more.</summary>
    /// <param name="facts">What is trained.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal int EpochsOf(TrainingFacts facts) => Epochs ?? facts.EpochsOf(Steps!.Value, BatchSize);

    /// <summary>Steps of the training proper; once it is no longer automatic how long that is.</summary>
    /// <param name="rows">The rows that it goes over.</param>
    internal long StepsOver(int rows) => Steps ?? new BatchPlan(rows, BatchSize).StepsOf(Epochs!.Value);

    /// <summary>The main rate as gradient descent counts it, which a method's other rates are multiples of.</summary>
    /// <param name="facts">What is trained.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal double DescentRate(TrainingFacts facts) => Optimizer.Kind switch
    {
        OptimizerKind.Sgd => Optimizer.LearningRate!.Value,
        OptimizerKind.AdamW => facts.Values.SgdRate,
        _ => throw new UnreachableException($"No rate of {Optimizer.Kind}."),
    };
}
