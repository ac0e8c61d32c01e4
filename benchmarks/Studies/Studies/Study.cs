using Microsoft.ML;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>One question asked of real data: which rows, which network, and which settings are tried.</summary>
internal abstract class Study
{
    /// <summary>The name under which its figures are recorded.</summary>
    public abstract string Name { get; }

    /// <summary>What is asked, in one line for the report.</summary>
    public abstract string Description { get; }

    /// <summary>Whether the validation rows say whether the spurious attribute agrees with the label, so that settings can be chosen by it.</summary>
    public virtual bool HasGroups => true;

    /// <summary>Where the search looks.</summary>
    public abstract SearchSpace Space { get; }

    /// <summary>Sieve settings that the search tries unless the command line says otherwise.</summary>
    public abstract int DefaultTrials { get; }

    /// <summary>What the rows of a run depend on besides the seed; part of the key under which a run is kept.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>The rows of a seed. Equal for equal seeds.</summary>
    public abstract StudyData Load(MLContext ml, int seed, CancellationToken cancellation);

    /// <summary>Fresh options with the study's network, epochs and batch; columns, rates and readout are set by the run.</summary>
    public abstract FeatureSieveTrainer.Options CreateOptions();
}
