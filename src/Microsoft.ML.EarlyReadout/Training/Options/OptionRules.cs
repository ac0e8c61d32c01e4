namespace Microsoft.ML.EarlyReadout;

/// <summary>The ranges of the options that all trainers share, in one place.</summary>
internal static class OptionRules
{
    public static void AddFaults(this TrainerOptions options, OptionFaults faults)
    {
        faults.NotEmpty(nameof(options.FeatureColumnName), options.FeatureColumnName);
        faults.NotEmpty(nameof(options.LabelColumnName), options.LabelColumnName);
        faults.NotEmpty(nameof(options.ScoreColumnName), options.ScoreColumnName);
        faults.NotEmpty(nameof(options.PredictedLabelColumnName), options.PredictedLabelColumnName);
        faults.NullOrNotEmpty(nameof(options.GroupColumnName), options.GroupColumnName);
        faults.HidesNothing(options.ColumnsRead, options.ColumnsWritten);
        faults.AtLeast(nameof(options.Epochs), options.Epochs, 1);
        faults.AtLeast(nameof(options.Steps), options.Steps, 1);
        if (options is { Epochs: not null, Steps: not null }) faults.Add("Epochs and Steps are both given; give one.");
        faults.AtLeast(nameof(options.BatchSize), options.BatchSize, 1);
        faults.Within(nameof(options.ValidationFraction), options.ValidationFraction, 0, 1);
        faults.Defined(nameof(options.Selection), options.Selection);
        faults.AtLeast(nameof(options.ValidateEverySteps), options.ValidateEverySteps, 1);
        faults.AtLeast(nameof(options.Patience), options.Patience, 1);
        if (options.Patience is not null) options.NeedValidation(faults, nameof(options.Patience));
        if (options.OnValidation is not null) options.NeedValidation(faults, nameof(options.OnValidation));
        faults.Defined(nameof(options.Precision), options.Precision);
        faults.Defined(nameof(options.BatchNorm), options.BatchNorm);
        faults.Within(nameof(options.AveragingDecay), options.AveragingDecay, 0, 1);
        if (options.MemoryBudgetMebibytes is { } budget) faults.AtLeast(nameof(options.MemoryBudgetMebibytes), budget, 1);
        if (options.ValidationFraction > 0 && options.ValidationSet is not null)
            faults.Add("ValidationFraction and ValidationSet are both given; give one.");
        if (options.Selection is SelectionMetric.WorstGroupAccuracy or SelectionMetric.MeanOfGroupsAccuracy && options.GroupColumnName is null)
            faults.Add($"Selection is {options.Selection}, which needs GroupColumnName.");
        if (!TrainingDevice.IsName(options.Device)) faults.Add($"Device is '{options.Device}'; it must be one of {TrainingDevice.Names}.");

        faults.Defined(nameof(options.OnCancellation), options.OnCancellation);
        if (options.CheckpointDirectory is { } folder && string.IsNullOrWhiteSpace(folder)) faults.Add($"{nameof(options.CheckpointDirectory)} is empty; it must name a folder, or be null.");
        faults.AtLeast(nameof(options.CheckpointEverySteps), options.CheckpointEverySteps, 0);
        faults.AtLeast(nameof(options.CheckpointEveryMinutes), options.CheckpointEveryMinutes, 0);
        faults.AtLeast(nameof(options.CheckpointsKept), options.CheckpointsKept, 1);
        options.Optimizer.AddFaults(faults, nameof(options.Optimizer));
        options.Schedule.AddFaults(faults, nameof(options.Schedule));
        if (faults.Given(nameof(options.Augmentation), options.Augmentation)) faults.Add(Augmentation.Faults(options.Augmentation));
        if (faults.Given(nameof(options.Network), options.Network)) faults.Add(options.Network.Faults());
    }

    public static void AddFaults(this ReadoutOptions options, OptionFaults faults, string name, int firstStage = 1)
    {
        if (!faults.Given(name, options)) return;
        faults.AtLeast($"{name}.{nameof(options.Stage)}", options.Stage, firstStage);
        faults.AtLeast($"{name}.{nameof(options.Depth)}", options.Depth, 0);
        faults.AtLeast($"{name}.{nameof(options.Width)}", options.Width, 1);
    }

    public static void AddFaults(this ObjectiveOptions options, OptionFaults faults, string name, string? groupColumn)
    {
        if (!faults.Given(name, options)) return;
        faults.Defined($"{name}.{nameof(options.Kind)}", options.Kind);
        faults.GreaterThan($"{name}.{nameof(options.GroupDroRate)}", options.GroupDroRate, 0);
        faults.AtLeast($"{name}.{nameof(options.ReweightingSubsets)}", options.ReweightingSubsets, 1);
        string strengths = $"{name}.{nameof(options.ReweightingStrengths)}";
        if (faults.Given(strengths, options.ReweightingStrengths))
        {
            if (options.ReweightingStrengths.Length == 0) faults.Add($"{strengths} is empty; give at least one number.");
            foreach (double strength in options.ReweightingStrengths) faults.GreaterThan(strengths, strength, 0);
        }
        options.JustTrainTwice.AddFaults(faults, $"{name}.{nameof(options.JustTrainTwice)}");
        options.AutomaticFeatureReweighting.AddFaults(faults, $"{name}.{nameof(options.AutomaticFeatureReweighting)}");
        if (options.Kind is ObjectiveKind.GroupDro or ObjectiveKind.DeepFeatureReweighting && groupColumn is null)
            faults.Add($"{name}.{nameof(options.Kind)} is {options.Kind}, which needs GroupColumnName.");
    }

    public static void AddFaults(this JustTrainTwiceOptions options, OptionFaults faults, string name)
    {
        if (!faults.Given(name, options)) return;
        faults.AtLeast($"{name}.{nameof(options.IdentificationEpochs)}", options.IdentificationEpochs, 1);
        faults.AtLeast($"{name}.{nameof(options.UpWeight)}", options.UpWeight, 1);
    }

    private static void AddFaults(this AutomaticFeatureReweightingOptions options, OptionFaults faults, string name)
    {
        if (!faults.Given(name, options)) return;
        faults.GreaterThan($"{name}.{nameof(options.HeldOutFraction)}", options.HeldOutFraction, 0);
        if (options.HeldOutFraction >= 1)
        {
            faults.Add(FormattableString.Invariant(
                $"{name}.{nameof(options.HeldOutFraction)} is {options.HeldOutFraction}; it must be less than 1."));
        }

        faults.Defined($"{name}.{nameof(options.Weights)}", options.Weights);
        faults.From($"{name}.{nameof(options.Gamma)}", options.Gamma, 0, AutomaticFeatureReweightingOptions.LargestGamma);
        faults.AtLeast($"{name}.{nameof(options.Alpha)}", options.Alpha, 0);
        faults.From($"{name}.{nameof(options.Beta)}", options.Beta, 0, AutomaticFeatureReweightingOptions.LargestBeta);
        faults.AtLeast($"{name}.{nameof(options.Penalty)}", options.Penalty, 0);
        faults.GreaterThan($"{name}.{nameof(options.LearningRate)}", options.LearningRate, 0);
        faults.AtLeast($"{name}.{nameof(options.Epochs)}", options.Epochs, 1);
    }

    private static void NeedValidation(this TrainerOptions options, OptionFaults faults, string name)
    {
        if (options.ValidationSet is null && !(options.ValidationFraction > 0))
            faults.Add($"{name} is given, which needs validation rows; give ValidationFraction or ValidationSet.");
        if (options.Selection == SelectionMetric.LastEpoch)
            faults.Add($"{name} is given, which needs a validation figure; Selection is LastEpoch, which looks at none.");
    }

    private static void AddFaults(this OptimizerOptions options, OptionFaults faults, string name)
    {
        if (!faults.Given(name, options)) return;
        faults.Defined($"{name}.{nameof(options.Kind)}", options.Kind);
        faults.GreaterThan($"{name}.{nameof(options.LearningRate)}", options.LearningRate, 0);
        faults.AtLeast($"{name}.{nameof(options.WeightDecay)}", options.WeightDecay, 0);
        faults.Within($"{name}.{nameof(options.Momentum)}", options.Momentum, 0, 1);
        faults.AtLeast($"{name}.{nameof(options.ClipNorm)}", options.ClipNorm, 0);
    }

    private static void AddFaults(this ScheduleOptions options, OptionFaults faults, string name)
    {
        if (!faults.Given(name, options)) return;
        faults.Defined($"{name}.{nameof(options.Kind)}", options.Kind);
        faults.AtLeast($"{name}.{nameof(options.WarmUpSteps)}", options.WarmUpSteps, 0);
        faults.AtLeast($"{name}.{nameof(options.StepEpochs)}", options.StepEpochs, 1);
        faults.GreaterThan($"{name}.{nameof(options.StepFactor)}", options.StepFactor, 0);
        if (options.StepFactor > 1) faults.Add($"{name}.{nameof(options.StepFactor)} is {options.StepFactor}; it must be at most 1.");
    }
}
