using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Where in the training a step stands, and what it tells of itself.</summary>
[Experimental(Seam.Id)]
public readonly struct StepContext
{
    internal StepContext(long step, double rateFactor, LossMeters meters) => (Step, RateFactor, Meters) = (step, rateFactor, meters);

    /// <summary>Steps done since the start of the training.</summary>
    public long Step { get; }

    /// <summary>The schedule's factor on every learning rate.</summary>
    public double RateFactor { get; internal init; }

    /// <summary>Takes the step's losses.</summary>
    internal LossMeters Meters { get; }

    /// <summary>
    /// Tells a loss or another figure of the step. The device is not waited for; a figure that is not finite ends the training.
    /// </summary>
    /// <param name="meter">The figure's name in log, progress and history, such as <c>main</c>.</param>
    /// <param name="mean">A scalar, the mean over the rows; its graph is not kept.</param>
    /// <param name="rows">The rows that it is a mean of.</param>
    public void Report(string meter, Tensor mean, long rows) => Meters.Add(meter, mean, rows);
}
