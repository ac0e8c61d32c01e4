using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Where in the training a step stands, and what it tells of itself.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public readonly struct StepContext
{
    private readonly double _share;

    internal StepContext(long step, double rateFactor, LossMeters meters, double share = 1, bool endsBatch = true) =>
        (Step, RateFactor, Meters, _share, EndsBatch) = (step, rateFactor, meters, share, endsBatch);

    /// <summary>Steps done since the start of the training.</summary>
    public long Step { get; }

    /// <summary>The schedule's factor on every learning rate.</summary>
    public double RateFactor { get; internal init; }

    /// <summary>Whether these are the last rows of the step's batch, or all of them: after them the weights move. A batch that passes the
    /// network in parts (<see cref="TrainerOptions.MicroBatchSize"/>) is gathered before.</summary>
    public bool EndsBatch { get; }

    /// <summary>Takes the step's losses.</summary>
    internal LossMeters Meters { get; }

    /// <summary>What a mean over these rows is of the mean over the step's whole batch: what backward passes begin from.</summary>
    /// <param name="mean">The mean over these rows, or its gradient.</param>
    /// <returns>It itself where these are all rows; else it belongs to the caller's dispose scope.</returns>
    public Tensor OfBatch(Tensor mean)
    {
        ArgumentNullException.ThrowIfNull(mean);
        return _share == 1 ? mean : mean.mul(Scalars.Of(_share));
    }

    /// <summary>
    /// Tells a loss or another figure of the step. The device is not waited for; a figure that is not finite ends the training.
    /// </summary>
    /// <param name="meter">The name of one of the step's <see cref="ITrainingStep.Meters"/>.</param>
    /// <param name="mean">A scalar, the mean over the rows; its graph is not kept.</param>
    /// <param name="rows">The rows that it is a mean of.</param>
    public void Report(string meter, Tensor mean, long rows) => Meters.Add(meter, mean, rows);
}
