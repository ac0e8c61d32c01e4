namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>What a search found, and how to train what it chose.</summary>
/// <typeparam name="TOptions">The options of the trainer whose settings were searched.</typeparam>
/// <inheritdoc cref="SearchResult"/>
public sealed class SearchResult<TOptions> : SearchResult
    where TOptions : TrainerOptions, new()
{
    private readonly SearchRows _rows;
    private readonly Func<SearchTrial, TOptions> _optionsOf;
    private readonly Func<TOptions, IDataView, EarlyReadoutTransformer> _fit;

    internal SearchResult(
        SearchFindings findings, SearchRows rows, Func<SearchTrial, TOptions> optionsOf,
        Func<TOptions, IDataView, EarlyReadoutTransformer> fit)
        : base(findings) => (_rows, _optionsOf, _fit) = (rows, optionsOf, fit);

    /// <summary>
    /// The trainer's options with a trial's settings, steps and selection, as its runs had them. Seed, validation rows and checkpoints are
    /// left to the caller.
    /// </summary>
    /// <param name="trial">The trial.</param>
    /// <returns>A copy.</returns>
    public TOptions OptionsOf(SearchTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        TOptions options = _optionsOf(trial);
        options.CheckpointEverySteps = 0; // it went with the search's folder
        return options;
    }

    /// <summary>Trains <see cref="SearchResult.Best"/> in full. The search's validation rows select the network.</summary>
    /// <param name="trainData">The training rows. The view that was searched on is not read again.</param>
    /// <param name="seed">The seed. One that the search has not used gives figures that chose nothing.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>The fitted classifier. Dispose it when it is no longer needed.</returns>
    /// <exception cref="ObjectDisposedException">The result was disposed.</exception>
    /// <exception cref="TrainingDivergedException">A loss is no longer finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public EarlyReadoutTransformer Fit(IDataView trainData, int seed, CancellationToken cancellationToken = default) =>
        Fit(Best, trainData, seed, cancellationToken);

    /// <summary>Trains <see cref="SearchResult.BestPlain"/> in full, to compare with.</summary>
    /// <inheritdoc cref="Fit(IDataView, int, CancellationToken)"/>
    public EarlyReadoutTransformer FitPlain(IDataView trainData, int seed, CancellationToken cancellationToken = default) =>
        Fit(BestPlain, trainData, seed, cancellationToken);

    private EarlyReadoutTransformer Fit(SearchTrial trial, IDataView trainData, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(trainData);
        _rows.ThrowIfDisposed();
        TOptions options = OptionsOf(trial);
        options.Seed = seed;
        options.ValidationSet = _rows.Validation;
        options.CancellationToken = cancellationToken;
        return _fit(options, _rows.Packed(trainData));
    }

    private protected override void Dispose(bool disposing) => _rows.Dispose();
}
