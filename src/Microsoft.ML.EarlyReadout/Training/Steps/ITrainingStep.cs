using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>What a method does with one batch. The loop owns everything else: order, rates, validation, selection, progress.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public interface ITrainingStep : IDisposable
{
    /// <summary>Whether the network is in training mode while the steps run: batch norm by the batch, dropout.</summary>
    bool NeedsTrainingMode => true;

    /// <summary>
    /// Modules that are trained beside the network and belong to it: they are kept and restored with it when a network is selected.
    /// </summary>
    IReadOnlyList<nn.Module> Companions => [];

    /// <summary>
    /// Every tensor besides the network's that the steps change, under names that do not change: readouts, optimisers' running averages,
    /// weights of rows. A checkpoint holds them; a resumed training writes them back in place. A training that has ended is not run again
    /// then: what it has trained, and a later step reads, belongs to the state of that step too.
    /// </summary>
    IEnumerable<(string Name, Tensor Tensor)> State { get; }

    /// <summary>What the steps report (<see cref="StepContext.Report"/>), in the order in which people are to see it.</summary>
    IReadOnlyList<Meter> Meters { get; }

    /// <summary>Completes a batch, after augmentation and before it is brought to the device, on which no step waits for what is computed
    /// on the CPU; <see langword="null"/>: batches are complete.</summary>
    internal Func<Batch, Batch>? OnCpu => null;

    /// <summary>Runs before each epoch; not again when a training is resumed within it, unless it was stopped while this ran.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    void BeforeEpoch(int epoch) { }

    /// <summary>One step on one batch. Runs inside a dispose scope; never waits for the device.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="context">Where the training stands.</param>
    void Run(Batch batch, in StepContext context);

    /// <summary>One line for the log about the steps since the last point.</summary>
    /// <param name="losses">Their means, by meter.</param>
    /// <returns>The line.</returns>
    string Describe(IReadOnlyDictionary<string, double> losses);
}
