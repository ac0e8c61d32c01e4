using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// The options of a search for the rates of plain training, by <see cref="EarlyReadoutEstimator"/>. What is trial 0 elsewhere, plain
/// training, is here the trainer's own rates.
/// </summary>
public sealed class PlainSearchOptions : SearchOptions<EarlyReadoutEstimator.Options>
{
    /// <summary>What is varied.</summary>
    /// <value>The default value varies learning rate and weight decay.</value>
    public PlainSpace Space { get; set; } = new();

    /// <inheritdoc/>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal override ITrialSpace? Varied => Space;

    /// <inheritdoc/>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal override void AddMethodFaults(OptionFaults faults)
    {
        if (Trainer.TrainedPart == TrainedPart.None) faults.Add("Trainer.TrainedPart is None: no rate of the network matters.");
        if (Trainer.Objective?.Kind is ObjectiveKind.DeepFeatureReweighting or ObjectiveKind.AutomaticFeatureReweighting)
        {
            faults.Add(
                $"Trainer.Objective.Kind is {Trainer.Objective.Kind}: it fits the head anew after the figure that a search goes by.");
        }
    }
}
