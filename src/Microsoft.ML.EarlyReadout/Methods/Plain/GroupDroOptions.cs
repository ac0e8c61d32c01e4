using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How group DRO weighs groups and draws batches.</summary>
public sealed class GroupDroOptions
{
    /// <summary>η: how fast a group's share follows its loss.</summary>
    /// <value>The default value is 0.01, the release's. Greater than 0.</value>
    [Range(1e-3, 1e-1, 1e-2, true)]
    public double StepSize { get; set; } = 0.01;

    /// <summary>
    /// Whether batches are drawn so that every group is equally likely in them, with replacement; an epoch still has as many rows as there
    /// are. Readouts that are trained together with the network see the same batches.
    /// </summary>
    /// <value>The default value is <see langword="true"/>: the authors always run it so (<c>reweight_groups</c>).
    /// <see langword="false"/>: every row once an epoch.</value>
    public bool BalancedBatches { get; set; } = true;

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name) => faults.GreaterThan($"{name}.{nameof(StepSize)}", StepSize, 0);
}
