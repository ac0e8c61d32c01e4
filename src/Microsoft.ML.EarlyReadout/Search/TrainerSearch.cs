using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Searches the settings of a trainer on validation rows: draws trials from a space, trains each from several seeds, stops those that are not
/// worth going on with, and says on fresh seeds what the best gains over plain training.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.MulticlassClassification.SearchFeatureSieve(...)</c>, <c>SearchDebiasedDistillation</c> or
/// <c>SearchEarlyReadout</c>.</para>
/// <para>Comparisons are deterministic: a rung is decided once all runs that it compares have reached it, by the mean over the seeds; a
/// lower number wins a tie, and plain training wins over all. A run that diverges counts 0. A worker that would have to wait trains the best of
/// those that are not decided yet further, at its own risk; that changes no result.</para>
/// <para>Whoever calls <see cref="Run"/> with the same options, data and store takes part in the search; all get the same result.</para>
/// </remarks>
/// <typeparam name="TOptions">The options of the trainer.</typeparam>
/// <threadsafety>A search may be run by several threads, which then share the work.</threadsafety>
public sealed class TrainerSearch<TOptions>
    where TOptions : TrainerOptions, new()
{
    private readonly IHostEnvironment _environment;
    private readonly SearchOptions<TOptions> _options;
    private readonly SearchedTrainer<TOptions> _trainer;
    private readonly ITrialStore _store;

    internal TrainerSearch(IHostEnvironment environment, SearchOptions<TOptions> options, SearchedTrainer<TOptions> trainer)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_environment, _options, _trainer) = (environment, options.Copy(), trainer);
        _store = _options.Store ?? new InMemoryTrialStore();
    }

    /// <summary>Searches, or goes on with a search that was stopped.</summary>
    /// <param name="train">The training rows. Read once.</param>
    /// <param name="validation">The validation rows, with the same columns. Read once.</param>
    /// <returns>The result, which holds the packed rows. Dispose it when it is no longer needed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and says what to do.</exception>
    /// <exception cref="ArgumentException">Nothing of the space can run on the network that the data give; the message says what it has.</exception>
    /// <exception cref="InvalidDataException">There are no rows with a label, or a feature is not finite.</exception>
    /// <exception cref="SearchMismatchException">The store has another search of this name.</exception>
    /// <exception cref="SearchFailedException">All trials diverged, or none finished.</exception>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    /// <exception cref="IOException">The checkpoint folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The search was cancelled. The same call goes on with it.</exception>
    public SearchResult<TOptions> Run(IDataView train, IDataView validation)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        using IChannel channel = _environment.Start("Search");
        var reporter = new SearchReporter(channel, _options.Progress);
        var rows = new SearchRows(train, validation);
        try
        {
            Beginning begun = Begin(rows, ReferenceEquals(train, validation), reporter);
            reporter.Begin(begun.Plan, begun.Trainer.Selection);
            SearchIdentity.Require(_options.Name, _store.Open(_options.Name, begun.Identity), begun.Identity);
            _store.Add(_options.Name, [.. begun.Plan.FirstRuns()]);
            Train(begun, rows, reporter);
            return Conclude(begun, rows, reporter);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>What follows from options and data.</summary>
    private sealed record Beginning(
        TOptions Trainer, SearchPlan Plan, IReadOnlyDictionary<string, string> Identity, IReadOnlyList<RowGroup> Groups, IReadOnlyList<string> Findings,
        bool OnGpu);

    /// <summary>Packs the rows, builds the network once to see what it has, and draws the trials.</summary>
    private Beginning Begin(SearchRows rows, bool validatesOnTraining, SearchReporter reporter)
    {
        TOptions trainer = _options.Fixed();
        int seed = _options.Seed ?? CatalogEnvironment.SeedOf(_environment) ?? 0;
        var seeds = SeedSequence.Of(seed).For("search");
        ITrialSpace space = _options.Varied!;
        Beginning? begun = null;
        (trainer.ValidationSet, trainer.Seed, trainer.CancellationToken) = (rows.Validation, seed, _options.CancellationToken);
        _trainer.Look(_environment, trainer, rows.Training, (session, settled) =>
        {
            trainer.Steps = settled.Steps ?? checked((int)new BatchPlan(session.Training.Rows.Length, settled.BatchSize).StepsOf(settled.Epochs!.Value));
            trainer.Epochs = null;
            trainer.Precision = session.Precision; // what is chosen by its speed must not change from run to run
            var rungs = RungPlan.Of(_options.Halving, trainer.Steps.Value, trainer.ValidateEverySteps);
            trainer.ValidateEverySteps = rungs.ValidateEvery;
            var network = SearchedNetwork.Of(session.Network, settled, new TrainingFacts(session.Network, settled.Network.WeightsPath is not null, session.Training.Rows.Length));
            var plan = new SearchPlan
            {
                PlainName = space.PlainName,
                Trials = SearchPlan.Draw(space, network, _options.Trials, seeds.For("trials")),
                Rungs = rungs,
                Factor = _options.Halving?.Factor ?? 1,
                Seeds = SearchPlan.DrawSeeds(seeds, "seed", _options.SeedsPerTrial),
                ConfirmationSeeds = SearchPlan.DrawSeeds(seeds, "confirmation", _options.ConfirmationSeeds),
            };
            TrainingSet training = session.Training.Set, validation = session.Validation!.Set;
            var identity = SearchIdentity.Of(
                TrainingIdentity.Of(_trainer.Name, settled, session.Precision, seed, session.Network, training, validation), plan, space);
            IReadOnlyList<RowGroup> groups = RowGroups.Of(training, validation);
            string[] findings = [.. SearchFindings.OfRows(groups, training.Groups is not null, validatesOnTraining || SearchIdentity.HasSameRows(identity))];
            foreach (string finding in findings) reporter.Warn(finding);
            begun = new Beginning(
                trainer, plan, identity, groups, [.. Coverage.Findings(session.Training, session.Validation), .. findings], session.Device.type == DeviceType.CUDA);
        });
        return begun!;
    }

    /// <summary>Trains what this process gets to train, until the search is over.</summary>
    private void Train(Beginning begun, SearchRows rows, SearchReporter reporter)
    {
        var quiet = new MLContext { TempFilePath = CatalogEnvironment.TemporaryFolderOf(_environment) }; // the lines of runs side by side tell nobody anything
        quiet.Log += (_, line) =>
        {
            if (line.Kind == ChannelMessageKind.Warning) reporter.Warn(line.RawMessage);
        };
        IHostEnvironment runs = CatalogEnvironment.Of(quiet.MulticlassClassification);
        TemporaryFolder? temporary = _options.CheckpointDirectory is null ? new TemporaryFolder(quiet.TempFilePath) : null;
        string folder = AttemptFolder.OfSearch(_options.CheckpointDirectory ?? temporary!.Path, _options.Name);
        var training = new RunTraining<TOptions>(
            begun.Plan, folder, trial => OptionsOf(begun, trial.Settings, rows), options => _trainer.Train(runs, options, rows.Training));
        try
        {
            int count = _options.Workers ?? (begun.OnGpu ? 1 : Environment.ProcessorCount);
            new SearchWorkers(_store, _options.Name, _options.Lease, begun.Plan, folder, training.Train, reporter)
                .Run(count, Cancellation.Of(_environment, _options.CancellationToken));
            AttemptFolder.Delete(folder);
        }
        finally
        {
            temporary?.TryDelete();
        }
    }

    private SearchResult<TOptions> Conclude(Beginning begun, SearchRows rows, SearchReporter reporter)
    {
        var standings = new Standings(begun.Plan, _store.Read(_options.Name));
        if (standings.BestPlain is null && standings.BestOther is null) throw SearchFailure.Of(begun.Plan, standings);
        var findings = SearchFindings.Of(
            _trainer.Name, begun.Trainer.Selection, begun.Plan, standings, begun.Groups, begun.Trainer.GroupColumnName is not null, begun.Findings);
        var result = new SearchResult<TOptions>(
            findings, rows, trial => OptionsOf(begun, trial.Settings, null), (options, view) => _trainer.Fit(_environment, options, view));
        foreach (string warning in result.Warnings.Except(begun.Findings)) reporter.Warn(warning);
        reporter.Log(result.Verdict);
        return result;
    }

    private static TOptions OptionsOf(Beginning begun, IReadOnlyDictionary<string, string> settings, SearchRows? rows)
    {
        TOptions options = TrialSettings.Apply(begun.Trainer, settings);
        (options.Seed, options.CancellationToken, options.ValidationSet) = (null, default, rows?.Validation);
        return options;
    }
}
