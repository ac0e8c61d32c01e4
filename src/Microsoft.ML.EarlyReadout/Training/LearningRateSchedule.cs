using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The factor on every learning rate at a given step: linear warm-up, then the course that the options name.</summary>
/// <param name="options">The course.</param>
/// <param name="stepsPerEpoch">Steps in an epoch.</param>
/// <param name="steps">Steps in all.</param>
internal sealed class LearningRateSchedule(ScheduleOptions options, int stepsPerEpoch, long steps)
{
    private readonly int _warmUp = options.WarmUpSteps!.Value; // settled before training

    /// <param name="step">Steps done since the start of the training.</param>
    /// <returns>A factor from 0 to 1.</returns>
    public double Factor(long step)
    {
        // The first of W warm-up steps runs at 1/W of the rate, not at 0: a step that moves nothing would be wasted.
        if (step < _warmUp) return (step + 1.0) / _warmUp;
        return options.Kind switch
        {
            ScheduleKind.Step => Math.Pow(options.StepFactor, step / stepsPerEpoch / options.StepEpochs),
            ScheduleKind.Cosine => 0.5 * (1 + Math.Cos(Math.PI * Progress(step))),
            ScheduleKind.Linear => 1 - Progress(step),
            ScheduleKind.Constant => 1,
            _ => throw new UnreachableException($"No schedule {options.Kind}; an automatic one is settled before training."),
        };
    }

    private double Progress(long step)
    {
        double total = steps - _warmUp;
        return total <= 0 ? 1 : Math.Min(1, (step - _warmUp) / total);
    }
}
