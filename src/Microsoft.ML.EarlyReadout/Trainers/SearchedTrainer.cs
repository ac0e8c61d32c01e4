using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A trainer as a search uses it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fit">Trains a model.</param>
/// <param name="Train">Trains without making a model, as far as the options' callback lets it.</param>
/// <param name="Look">Does all that comes before training, and hands over what would be trained, with options of which none is automatic
/// any more.</param>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
internal sealed record SearchedTrainer<TOptions>(
    string Name,
    Func<IHostEnvironment, TOptions, IDataView, EarlyReadoutTransformer> Fit,
    Action<IHostEnvironment, TOptions, IDataView> Train,
    Action<IHostEnvironment, TOptions, IDataView, Action<TrainingSession, TOptions>> Look)
    where TOptions : TrainerOptions;
