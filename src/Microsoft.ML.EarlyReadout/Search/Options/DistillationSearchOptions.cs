using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>The options of a search for the settings of a <see cref="DebiasedDistillationTrainer"/>. Plain training, trial 0, is here plain
/// distillation: all rows weigh alike.</summary>
public sealed class DistillationSearchOptions : SearchOptions<DebiasedDistillationTrainer.Options>
{
    /// <summary>What is varied.</summary>
    /// <value>The default value varies β, α and the readout's stage.</value>
    public DistillationSpace Space { get; set; } = new();

    /// <inheritdoc/>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal override ITrialSpace? Varied => Space;

    /// <inheritdoc/>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal override void AddMethodFaults(OptionFaults faults)
    {
        if (Trainer.Method != DistillationMethod.Debiased)
            faults.Add($"Trainer.Method is {Trainer.Method}; a search is of Debiased, and tries Plain besides.");
    }
}
