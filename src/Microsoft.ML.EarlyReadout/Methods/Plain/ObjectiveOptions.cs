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

    /// <summary>How group DRO weighs groups and draws batches.</summary>
    [NestOption]
    public GroupDroOptions GroupDro { get; set; } = new();

    /// <summary>How Just Train Twice finds and counts the rows that mislead.</summary>
    [NestOption]
    public JustTrainTwiceOptions JustTrainTwice { get; set; } = new();

    /// <summary>How deep feature reweighting fits the head anew.</summary>
    public DeepFeatureReweightingOptions DeepFeatureReweighting { get; set; } = new();

    /// <summary>How automatic feature reweighting weighs rows, and trains the last layer on them.</summary>
    public AutomaticFeatureReweightingOptions AutomaticFeatureReweighting { get; set; } = new();

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    /// <param name="groupColumn">The column of groups, if there is one.</param>
    internal void AddFaults(OptionFaults faults, string name, string? groupColumn)
    {
        faults.Defined($"{name}.{nameof(Kind)}", Kind);
        string dro = $"{name}.{nameof(GroupDro)}", deep = $"{name}.{nameof(DeepFeatureReweighting)}";
        string twice = $"{name}.{nameof(JustTrainTwice)}", automatic = $"{name}.{nameof(AutomaticFeatureReweighting)}";
        if (faults.Given(dro, GroupDro)) GroupDro.AddFaults(faults, dro);
        if (faults.Given(twice, JustTrainTwice)) JustTrainTwice.AddFaults(faults, twice);
        if (faults.Given(deep, DeepFeatureReweighting)) DeepFeatureReweighting.AddFaults(faults, deep);
        if (faults.Given(automatic, AutomaticFeatureReweighting)) AutomaticFeatureReweighting.AddFaults(faults, automatic);
        if (Kind is ObjectiveKind.GroupDro or ObjectiveKind.DeepFeatureReweighting && groupColumn is null)
            faults.Add($"{name}.{nameof(Kind)} is {Kind}, which needs GroupColumnName.");
        if (Kind != ObjectiveKind.DeepFeatureReweighting && DeepFeatureReweighting is { ReweightingSet: not null })
            faults.Add($"{deep}.{nameof(DeepFeatureReweightingOptions.ReweightingSet)} is given, which needs {name}.{nameof(Kind)} to be "
                + $"{ObjectiveKind.DeepFeatureReweighting}; it is {Kind}.");
    }
}
