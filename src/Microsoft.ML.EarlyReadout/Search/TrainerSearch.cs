using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// Searches the settings of a trainer on validation rows: draws trials from a space, trains each from several seeds, stops those that are
/// not worth going on with, and says on fresh seeds what the best gains over plain training.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.MulticlassClassification.SearchFeatureSieve(...)</c>, <c>SearchDebiasedDistillation</c> or
/// <c>SearchEarlyReadout</c>.</para>
/// <para>
/// Comparisons are deterministic: a rung is decided once all runs that it compares have reached it, by the mean over the seeds; a lower
/// number wins a tie, and plain training wins over all. A run that diverges counts 0. A worker that would have to wait trains the best of
/// those that are not decided yet further, at its own risk; that changes no result.
/// </para>
/// <para>Whoever calls <see cref="Run"/> with the same options, data and store takes part in the search; all get the same result. Without a
/// store a call with other rows is another search, and a call with the same rows knows what was found on them.</para>
/// </remarks>
/// <typeparam name="TOptions">The options of the trainer.</typeparam>
/// <threadsafety>A search may be run by several threads, which then share the work.</threadsafety>
public sealed class TrainerSearch<TOptions>
    where TOptions : TrainerOptions, new()
{
    private readonly IHostEnvironment _environment;
    private readonly SearchOptions<TOptions> _options;
    private readonly Func<IHostEnvironment, TOptions, NetworkTrainer<TOptions>> _trainer;
    private readonly ITrialStore _store;
    private readonly SearchFolder _temporary = new();

    /// <summary>Creates a search for the settings of any trainer.</summary>
    /// <param name="environment">Where messages go, and whose seed and cancellation hold: an <see cref="MLContext"/>, or what <see
    /// cref="CatalogEnvironment"/> finds behind a catalog.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <param name="trainer">Makes the trainer of some options.</param>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    [Experimental(ExperimentalId.OwnMethod)]
    public TrainerSearch(
        IHostEnvironment environment, SearchOptions<TOptions> options, Func<IHostEnvironment, TOptions, NetworkTrainer<TOptions>> trainer)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_environment, _options, _trainer) = (CatalogEnvironment.Behind(environment), options.Copy(), trainer);
        _store = _options.Store ?? new InMemoryTrialStore();
    }

    /// <summary>Searches, or goes on with a search that was stopped.</summary>
    /// <param name="trainData">The training rows. Read once; texts twice where no vocabulary is given, first to learn it.</param>
    /// <param name="validationData">The validation rows, with the same columns; that of groups may be theirs alone. Read once.</param>
    /// <returns>The result, which holds the packed rows. Dispose it when it is no longer needed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and says what to
    /// do.</exception>
    /// <exception cref="ArgumentException">Nothing of the space can run on the network that the data give; the message says what it
    /// has.</exception>
    /// <exception cref="InvalidDataException">There are no rows with a label, or a feature is not finite.</exception>
    /// <exception cref="SearchMismatchException">The store has another search of this name.</exception>
    /// <exception cref="SearchFailedException">All trials diverged, or none finished.</exception>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    /// <exception cref="IOException">The checkpoint folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The search was cancelled. With a store the same call goes on with it.</exception>
    public SearchResult<TOptions> Run(IDataView trainData, IDataView validationData)
    {
        ArgumentNullException.ThrowIfNull(trainData);
        ArgumentNullException.ThrowIfNull(validationData);
        using IChannel channel = _environment.Start("Search");
        var reporter = new SearchReporter(channel, _options.Progress);
        var rows = new SearchRows(trainData, validationData);
        try
        {
            var start = SearchStart<TOptions>.Of(_options, _trainer, _environment, rows); // packs the rows and draws the trials
            reporter.Begin(start.Plan, start.Trainer.Selection, start.Findings, start.FindingsWarnedOf);
            string name = NameInStore(start);
            SearchIdentity.Require(name, _store.Open(name, start.Identity), start.Identity);
            _store.Add(name, [.. start.Plan.FirstRuns()]);
            Work(start, rows, reporter); // trains, decides, confirms
            return Conclude(start, rows, reporter);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    // In memory other rows begin another search, so that the object may be run on them as an estimator may be fitted again.
    private string NameInStore(SearchStart<TOptions> start) =>
        _options.Store is null ? SearchIdentity.UniqueName(_options.Name, start.Identity) : _options.Name;

    /// <summary>Trains what this process gets to train, until the search is over.</summary>
    private void Work(SearchStart<TOptions> start, SearchRows rows, SearchReporter reporter)
    {
        // Runs side by side would fill the log with lines that tell nobody anything; what they warn of is told once.
        (int? gpu, bool fallsBack) = CatalogEnvironment.GpuOf(_environment); // which teachers score on
        var quiet = new MLContext
        {
            TempFilePath = CatalogEnvironment.TemporaryFolderOf(_environment),
            GpuDeviceId = gpu,
            FallbackToCpu = fallsBack,
        };
        quiet.Log += (_, line) =>
        {
            if (line.Kind == ChannelMessageKind.Warning) reporter.Warn(line.RawMessage);
        };
        IHostEnvironment runs = CatalogEnvironment.Of(quiet.MulticlassClassification);
        var cancellation = Cancellation.Of(_environment, _options.CancellationToken);
        // Nobody else sees the runs of a search in memory: another process may be at the same search, and none goes on with this one.
        bool isTemporary = _options.Store is null || _options.CheckpointDirectory is null, isOver = false;
        string root = isTemporary ? _temporary.Enter(MakeTemporary) : _options.CheckpointDirectory!;
        try
        {
            string folder = AttemptFolder.OfSearch(root, _options.Name, start.Identity);
            var training = new RunTraining<TOptions>(
                start, folder, rows.Validation, options => _trainer(runs, options).TrainOnly(rows.Training), reporter.Warn);
            new SearchWorkers(_store, NameInStore(start), _options.Lease, start.Plan, folder, training.Train, reporter).Run(
                _options.Workers ?? (start.IsOnGpu ? 1 : Environment.ProcessorCount), cancellation);
            AttemptFolder.DeleteSearch(folder);
            isOver = true;
        }
        finally
        {
            // What cancels this search cancels every later call of this object.
            if (isTemporary) _temporary.Leave(NameInStore(start), isOver, cancellation.IsRequested);
        }

        TemporaryFolder MakeTemporary() => _options.CheckpointDirectory is { } given
            ? new TemporaryFolder(given, $"Set {nameof(_options.CheckpointDirectory)} to a folder that can be written and has room.")
            : new TemporaryFolder(quiet.TempFilePath);
    }

    private SearchResult<TOptions> Conclude(SearchStart<TOptions> start, SearchRows rows, SearchReporter reporter)
    {
        var standings = new Standings(start.Plan, _store.Read(NameInStore(start)));
        if (standings.BestPlain is null && standings.BestOther is null) throw SearchFailure.Of(start.Plan, standings);
        var findings = SearchConclusion.Of(
            start.Name, start.Classes, start.Trainer.Selection, start.Plan, standings, start.Groups, start.AreGroupsKnown, start.Findings);
        var result = new SearchResult<TOptions>(
            findings, rows, trial => start.OptionsOf(trial.Settings), (options, view) => _trainer(_environment, options).Fit(view));
        foreach (string warning in result.Warnings.Except(start.Findings)) reporter.Warn(warning);
        reporter.Log(result.Verdict);
        return result;
    }
}
