using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;

namespace Microsoft.ML.FeatureSieve;

/// <summary>
/// The options of a search for the settings of a <see cref="FeatureSieveTrainer"/>. Plain training, trial 0, never forgets.
/// </summary>
public sealed class SieveSearchOptions : SearchOptions<FeatureSieveTrainer.Options>
{
    /// <summary>What is varied.</summary>
    /// <value>The default value is <see cref="SieveSpace.Default"/>.</value>
    public SieveSpace Space { get; set; } = SieveSpace.Default;

    /// <inheritdoc/>
    [Experimental("MLSIEVE001")]
    protected override ITrialSpace? Varied => Space;
}
