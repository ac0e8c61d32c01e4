using System.Text.Json.Serialization;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What plain training minimises, and how.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
public sealed class ObjectiveOptions
{
    /// <summary>The objective.</summary>
    /// <value>The default value is <see cref="ObjectiveKind.EmpiricalRisk"/>.</value>
    public ObjectiveKind Kind { get; set; } = ObjectiveKind.EmpiricalRisk;

    /// <summary>η of group DRO: how fast a group's share follows its loss.</summary>
    /// <value>The default value is 0.01, the release's. Greater than 0.</value>
    [Range(1e-3, 1e-1, 1e-2, true)]
    public double GroupDroRate { get; set; } = 0.01;

    /// <summary>
    /// Whether group DRO draws its batches so that every group is equally likely in them, with replacement; an epoch still has as many
    /// rows as there are. Readouts that are trained together with the network see the same batches.
    /// </summary>
    /// <value>The default value is <see langword="true"/>: the authors always run it so (<c>reweight_groups</c>).
    /// <see langword="false"/>: every row once an epoch.</value>
    public bool GroupDroBalancedBatches { get; set; } = true;

    /// <summary>How Just Train Twice finds and counts the rows that mislead.</summary>
    [NestOption]
    public JustTrainTwiceOptions JustTrainTwice { get; set; } = new();

    /// <summary>Subsets with equally many rows of each group to which deep feature reweighting fits a head; the mean of those heads is
    /// kept.</summary>
    /// <value>The default value is 20, the release's on rows of their own; on training rows it has 10. At least 1.</value>
    public int ReweightingSubsets { get; set; } = 20;

    /// <summary>
    /// The strengths that deep feature reweighting tries, as C of scikit-learn: how much a row's loss counts against the L1 penalty. The
    /// one whose head has the best worst group on rows that it was not fitted to is kept, the first of equals. Those rows are half of
    /// <see cref="ReweightingSet"/>; where the head is fitted to training rows, the validation rows, or half of the training rows where
    /// there are none.
    /// </summary>
    /// <value>The default value is 1, 0.7, 0.3, 0.1, 0.07, 0.03 and 0.01, the release's. At least one, each greater than 0; one alone is
    /// taken as it is.</value>
    public double[] ReweightingStrengths { get; set; } = [1, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01];

    /// <summary>The rows with groups to which deep feature reweighting fits the head anew, with the training view's columns and the group
    /// column.</summary>
    /// <value>The default value is <see langword="null"/>: the training rows.</value>
    [JsonIgnore]
    public IDataView? ReweightingSet { get; set; }

    /// <summary>How automatic feature reweighting weighs rows, and trains the last layer on them.</summary>
    public AutomaticFeatureReweightingOptions AutomaticFeatureReweighting { get; set; } = new();

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    /// <param name="groupColumn">The column of groups, if there is one.</param>
    internal void AddFaults(OptionFaults faults, string name, string? groupColumn)
    {
        faults.Defined($"{name}.{nameof(Kind)}", Kind);
        faults.GreaterThan($"{name}.{nameof(GroupDroRate)}", GroupDroRate, 0);
        faults.AtLeast($"{name}.{nameof(ReweightingSubsets)}", ReweightingSubsets, 1);
        string strengths = $"{name}.{nameof(ReweightingStrengths)}";
        if (faults.Given(strengths, ReweightingStrengths))
        {
            if (ReweightingStrengths.Length == 0) faults.Add($"{strengths} is empty; give at least one number.");
            foreach (double strength in ReweightingStrengths) faults.GreaterThan(strengths, strength, 0);
        }
        string twice = $"{name}.{nameof(JustTrainTwice)}", automatic = $"{name}.{nameof(AutomaticFeatureReweighting)}";
        if (faults.Given(twice, JustTrainTwice)) JustTrainTwice.AddFaults(faults, twice);
        if (faults.Given(automatic, AutomaticFeatureReweighting)) AutomaticFeatureReweighting.AddFaults(faults, automatic);
        if (Kind is ObjectiveKind.GroupDro or ObjectiveKind.DeepFeatureReweighting && groupColumn is null)
            faults.Add($"{name}.{nameof(Kind)} is {Kind}, which needs GroupColumnName.");
    }
}
