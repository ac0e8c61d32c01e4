using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout;

// What is wrong with options.
public abstract partial class TrainerOptions
{
    /// <summary>Adds everything that is wrong with the options.</summary>
    /// <param name="faults">Takes the faults.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual void AddFaults(OptionFaults faults)
    {
        faults.NotEmpty(nameof(FeatureColumnName), FeatureColumnName);
        faults.NullOrNotEmpty(nameof(TextColumnName), TextColumnName);
        faults.NullOrNotEmpty(nameof(SecondTextColumnName), SecondTextColumnName);
        if (SecondTextColumnName is not null && TextColumnName is null)
            faults.Add($"{nameof(SecondTextColumnName)} is given, which needs {nameof(TextColumnName)}.");
        faults.NotEmpty(nameof(LabelColumnName), LabelColumnName);
        faults.NotEmpty(nameof(ScoreColumnName), ScoreColumnName);
        faults.NotEmpty(nameof(PredictedLabelColumnName), PredictedLabelColumnName);
        faults.NullOrNotEmpty(nameof(GroupColumnName), GroupColumnName);
        if (GroupColumnName == LabelColumnName && !string.IsNullOrWhiteSpace(GroupColumnName))
            faults.Add($"{nameof(GroupColumnName)} is '{GroupColumnName}', the label, which is part of every group already.");
        faults.NullOrNotEmpty(nameof(ExampleWeightColumnName), ExampleWeightColumnName);
        faults.NoHiddenColumns(ColumnsRead, ColumnsWritten);
        if (this is { StartFrom: not null, Network.WeightsPath: not null })
            faults.Add("StartFrom and Network.WeightsPath are both given; give one.");
        if (StartFrom is not (null or IStartModel))
        {
            faults.Add($"StartFrom is a {StartFrom.GetType().Name}; give the model itself: EarlyReadoutTransformer.From(pipeline), or "
                + "Load(path).");
        }

        faults.AtLeast(nameof(Epochs), Epochs, 1);
        faults.AtLeast(nameof(Steps), Steps, 1);
        if (this is { Epochs: not null, Steps: not null }) faults.Add("Epochs and Steps are both given; give one.");
        faults.AtLeast(nameof(BatchSize), BatchSize, 1);
        faults.AtLeast(nameof(MicroBatchSize), MicroBatchSize, 1);
        if (MicroBatchSize > BatchSize)
            faults.Add(FormattableString.Invariant($"MicroBatchSize is {MicroBatchSize}; it must be at most BatchSize, {BatchSize}."));
        faults.InHalfOpenRange(nameof(ValidationFraction), ValidationFraction, 0, 1);
        faults.Defined(nameof(Selection), Selection);
        faults.AtLeast(nameof(ValidateEverySteps), ValidateEverySteps, 1);
        faults.AtLeast(nameof(Patience), Patience, 1);
        if (Patience is not null) NeedFigure(faults, nameof(Patience));
        if (OnValidation is not null) NeedFigure(faults, nameof(OnValidation));
        faults.Defined(nameof(Distribution), Distribution);
        faults.Defined(nameof(Precision), Precision);
        faults.Defined(nameof(BatchNorm), BatchNorm);
        faults.InRange(nameof(LabelSmoothing), LabelSmoothing, 0, 1);
        faults.InHalfOpenRange(nameof(AveragingDecay), AveragingDecay, 0, 1);
        if (MemoryBudgetMebibytes is { } budget) faults.AtLeast(nameof(MemoryBudgetMebibytes), budget, 1);
        if (ValidationFraction > 0 && ValidationSet is not null)
            faults.Add("ValidationFraction and ValidationSet are both given; give one.");
        if (SelectsByGroup && GroupColumnName is null)
            faults.Add($"Selection is {Selection}, which needs GroupColumnName.");
        if (!TrainingDevice.IsName(Device)) faults.Add($"Device is '{Device}'; it must be one of {TrainingDevice.Names}.");

        faults.Defined(nameof(OnCancellation), OnCancellation);
        if (CheckpointDirectory is { } folder && string.IsNullOrWhiteSpace(folder))
            faults.Add($"{nameof(CheckpointDirectory)} is empty; it must name a folder, or be null.");
        faults.AtLeast(nameof(CheckpointEverySteps), CheckpointEverySteps, 0);
        if (CheckpointEverySteps > 0 && CheckpointDirectory is null)
            faults.Add($"{nameof(CheckpointEverySteps)} is given, which needs {nameof(CheckpointDirectory)}.");
        faults.AtLeast(nameof(CheckpointEveryMinutes), CheckpointEveryMinutes, 0);
        faults.AtLeast(nameof(CheckpointsKept), CheckpointsKept, 1);
        if (faults.Given(nameof(Optimizer), Optimizer)) Optimizer.AddFaults(faults, nameof(Optimizer));
        if (faults.Given(nameof(Schedule), Schedule)) Schedule.AddFaults(faults, nameof(Schedule));
        if (faults.Given(nameof(Augmentation), Augmentation)) Augmentation.AddFaults(faults, nameof(Augmentation));
        if (faults.Given(nameof(Network), Network)) Network.AddFaults(faults, nameof(Network), isWarm: StartFrom is not null);
        if (!string.IsNullOrWhiteSpace(TextColumnName) && this is { Network.Input: { } input })
        {
            foreach (string given in input.GivenForImages())
                faults.Add($"Network.Input.{given}, which is for images; TextColumnName names texts. Leave it out.");
        }
    }

    /// <exception cref="ArgumentException">There is a fault; the message lists them all.</exception>
    internal void Validate()
    {
        var faults = new OptionFaults();
        AddFaults(faults);
        faults.ThrowIfAny($"{GetType().DeclaringType?.Name}.{GetType().Name}");
    }

    /// <summary>Throws where an option needs validation rows, and a fit has none: rows may be given as late as that.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    internal void RequireValidation()
    {
        string? name = Patience is not null ? nameof(Patience) : OnValidation is not null ? nameof(OnValidation) : null;
        if (name is null || ValidationSet is not null || ValidationFraction > 0) return;
        throw new ArgumentException(
            $"{name} is given, which needs validation rows; give ValidationFraction, ValidationSet, or Fit the rows as validationData.");
    }

    private void NeedFigure(OptionFaults faults, string name)
    {
        if (Selection == SelectionMetric.LastEpoch)
            faults.Add($"{name} is given, which needs a validation figure; Selection is LastEpoch, which looks at none.");
    }
}
