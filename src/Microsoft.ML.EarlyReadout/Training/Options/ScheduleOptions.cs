namespace Microsoft.ML.EarlyReadout;

/// <summary>The factor on every learning rate, step by step: warm-up, then the schedule.</summary>
public sealed class ScheduleOptions
{
    /// <summary>The course after the warm-up.</summary>
    /// <value>The default value is <see cref="ScheduleKind.Automatic"/>.</value>
    public ScheduleKind Kind { get; set; } = ScheduleKind.Automatic;

    /// <summary>Steps over which the rate rises linearly to its full value: the first of W steps has 1/W of it.</summary>
    /// <value>The default value is <see langword="null"/>: automatic, a tenth of the steps on texts as BERT's authors released it, 0
    /// otherwise. At least 0; 0: no warm-up.</value>
    public int? WarmUpSteps { get; set; }

    /// <summary>Epochs between two reductions of <see cref="ScheduleKind.Step"/>.</summary>
    /// <value>The default value is 30. At least 1.</value>
    public int StepEpochs { get; set; } = 30;

    /// <summary>The factor of each reduction of <see cref="ScheduleKind.Step"/>.</summary>
    /// <value>The default value is 0.1. Greater than 0 and at most 1.</value>
    public double StepFactor { get; set; } = 0.1;

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.Defined($"{name}.{nameof(Kind)}", Kind);
        faults.AtLeast($"{name}.{nameof(WarmUpSteps)}", WarmUpSteps, 0);
        faults.AtLeast($"{name}.{nameof(StepEpochs)}", StepEpochs, 1);
        faults.GreaterThan($"{name}.{nameof(StepFactor)}", StepFactor, 0);
        faults.AtMost($"{name}.{nameof(StepFactor)}", StepFactor, 1);
    }
}
