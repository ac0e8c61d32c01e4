using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a fit is asked for.</summary>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
/// <param name="Environment">Where messages go, and where the seed and the GPU come from.</param>
/// <param name="Trainer">The trainer's name in log and checkpoints.</param>
/// <param name="Options">The options; already validated.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Train">Trains the network by the method; it is given options of which none is automatic any more.</param>
internal sealed record FitRequest<TOptions>(
    IHostEnvironment Environment, string Trainer, TOptions Options, FitRows Rows, Action<TrainingSession, TOptions> Train)
    where TOptions : TrainerOptions
{
    /// <summary>Whether a model is made of the network; else what training reports is all.</summary>
    public required bool MakesModel { get; init; }
}
