using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Searches of distillation and of plain training.</summary>
public sealed class OtherSearchesTests
{
    private const string Stands = "stands"; // a file that a search makes where it stands still
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Debiased_distillation_is_held_against_plain_distillation()
    {
        var options = new DistillationSearchOptions { Space = new() { Beta = new(0.5, 6), Stages = [2, 7] } };
        using SearchResult<DebiasedDistillationTrainer.Options> result = Run(
            options, _ml.MulticlassClassification.SearchDebiasedDistillation);
        Assert.Equal("plain distillation", result.PlainName);
        Assert.Equal(["Method"], result.Trials[0].Settings.Keys);
        Assert.Equal(DistillationMethod.Plain, result.OptionsOf(result.Trials[0]).Method);
        Assert.All(result.Trials.Skip(1), trial =>
        {
            DebiasedDistillationTrainer.Options set = result.OptionsOf(trial);
            Assert.Equal((DistillationMethod.Debiased, 2), (set.Method, set.Readout.Stage)); // the network has no stage 7
            Assert.InRange(set.Beta!.Value, 0.5, 6);
            Assert.InRange(set.Alpha, 0.01, 2);
        });
        Assert.Equal(3, result.Trials.Select(trial => trial.Settings.GetValueOrDefault("Beta")).Distinct().Count());
        Assert.Contains("accuracy by Beta</title>", result.CreateReport().Html, StringComparison.Ordinal);
        using EarlyReadoutTransformer model = result.Fit(
            _ml.Data.TakeRows(BiasedRow.View(_ml), 100), 5, TestContext.Current.CancellationToken);
        Assert.Equal(4, model.ClassCount);
    }

    [Fact]
    public void A_distillation_trial_that_diverges_is_the_worst_and_no_error()
    {
        var options = new DistillationSearchOptions { Space = new() { LearningRate = new(0.01, 1e30) } };
        using SearchResult<DebiasedDistillationTrainer.Options> result = Run(
            options, _ml.MulticlassClassification.SearchDebiasedDistillation, trials: 4);
        SearchTrial diverged = result.Trials.First(trial => trial.State == TrialState.Diverged);
        Assert.Contains(diverged.Runs, run => run is { Score: 0, Fault: not null });
        Assert.False(result.Best.State == TrialState.Diverged);
        Assert.Contains(
            $"<li>trial {diverged.Number}, seed {diverged.Runs[0].Seed}: ", result.CreateReport().Html, StringComparison.Ordinal);
    }

    [Fact]
    public void Rates_of_plain_training_are_held_against_the_trainers_own()
    {
        var options = new PlainSearchOptions { Space = new() { LearningRate = new(0.03, 0.1) } };
        options.Trainer.Optimizer.LearningRate = 1e-6;
        using SearchResult<EarlyReadoutEstimator.Options> result = Run(options, _ml.MulticlassClassification.SearchEarlyReadout, fresh: 4);
        Assert.Empty(result.Trials[0].Settings);
        Assert.All(result.Trials.Skip(1), trial => Assert.Equal(["Optimizer.LearningRate", "Optimizer.WeightDecay"], trial.Settings.Keys));
        Assert.True(result.Gain!.IsSignificant, result.Verdict); // a millionth teaches nothing
        Assert.Same(result.BestOther, result.Best);
        Assert.Contains("is better than training at the trainer's own rates", result.Verdict, StringComparison.Ordinal);
        Assert.Contains(result.Groups, group => group.Name == "quarter 0"); // classes, since no groups are named
        Assert.Null(result.ConflictingRows);
        string page = result.CreateReport().Html;
        Assert.Contains("accuracy by Optimizer.LearningRate</title>", page, StringComparison.Ordinal);
        Assert.Contains(
            "Where a shortcut misleads is not known without GroupColumnName in training and validation rows.", page,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Where_plain_training_has_what_is_varied_every_fifth_trial_is_plain()
    {
        var network = new SearchedNetwork("net", ["one"], [1], 0.05, UsesSgd: true);
        var space = new DistillationSpace { Lambda = [0.5, 1], LearningRate = new(1e-3, 1e-1) };
        IReadOnlyList<PlannedTrial> trials = SearchPlan.Draw(space, network, 10, SeedSequence.Of(1));
        Assert.Equal([0, 5, 10], trials.Where(trial => trial.IsPlain).Select(trial => trial.Number));
        Assert.All(trials.Where(trial => trial is { IsPlain: true, Number: > 0 }), trial =>
            Assert.Equal(["Lambda", "Method", "Optimizer.LearningRate"], trial.Settings.Keys.Order(StringComparer.Ordinal)));
        Assert.All(trials.Where(trial => !trial.IsPlain), trial => Assert.DoesNotContain("Method", trial.Settings.Keys));
    }

    [Theory]
    [InlineData(null, SelectionMetric.AverageAccuracy, "Cue", SelectionMetric.UnbiasedAccuracy)]
    [InlineData(null, SelectionMetric.AverageAccuracy, null, SelectionMetric.AverageAccuracy)]
    [InlineData(null, SelectionMetric.WorstGroupAccuracy, "Cue", SelectionMetric.WorstGroupAccuracy)]
    [InlineData(SelectionMetric.AverageAccuracy, SelectionMetric.AverageAccuracy, "Cue", SelectionMetric.AverageAccuracy)]
    [InlineData(SelectionMetric.WorstGroupAccuracy, SelectionMetric.WorstGroupAccuracy, "Cue", SelectionMetric.WorstGroupAccuracy)]
    public void Trials_are_compared_by_the_searchs_figure_else_by_one_that_the_trainer_was_given(
        SelectionMetric? search, SelectionMetric trainer, string? group, SelectionMetric expected)
    {
        var options = new PlainSearchOptions { Selection = search, Trainer = { Selection = trainer, GroupColumnName = group } };
        options.Validate();
        Assert.Equal(expected, options.Fixed().Selection);
    }

    [Theory]
    [InlineData(SelectionMetric.UnbiasedAccuracy, SelectionMetric.WorstGroupAccuracy,
        "Selection is UnbiasedAccuracy and Trainer.Selection is WorstGroupAccuracy; give one.")]
    [InlineData(null, SelectionMetric.LastEpoch, "Trainer.Selection is LastEpoch, which is no figure to compare trials by.")]
    public void A_figure_of_the_trainers_that_is_not_the_searchs_is_a_fault(
        SelectionMetric? search, SelectionMetric trainer, string fault)
    {
        var options = new PlainSearchOptions { Selection = search, Trainer = { Selection = trainer, GroupColumnName = "Cue" } };
        Assert.Equal(
            $"PlainSearchOptions has 1 fault:\n- {fault}",
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.SearchEarlyReadout(options)).Message,
            ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_exception_of_the_receiver_of_progress_ends_the_search_and_is_no_failure_of_a_run(bool isCancellation)
    {
        Exception thrown = isCancellation ? new OperationCanceledException("Enough.") : new IOException("The dashboard is gone.");
        var store = new InMemoryTrialStore();
        var options = new PlainSearchOptions { Store = store, Progress = new Throwing(thrown) };
        Assert.Same(
            thrown, Assert.ThrowsAny<Exception>(() => Run(options, _ml.MulticlassClassification.SearchEarlyReadout)));
        IReadOnlyList<StoredRun> runs = store.Read("search");
        Assert.Contains(runs, run => run.Attempt > 0);
        Assert.All(
            runs, run => Assert.True(run is { Failures: 0, State: not (RunState.Running or RunState.Failed) }, $"{run}")); // handed back
        options.Progress = null;
        using SearchResult<EarlyReadoutEstimator.Options> result = Run(options, _ml.MulticlassClassification.SearchEarlyReadout);
        using SearchResult<EarlyReadoutEstimator.Options> undisturbed = Run(
            new PlainSearchOptions(), _ml.MulticlassClassification.SearchEarlyReadout);
        Assert.Equal(undisturbed.ToJson(), result.ToJson());
    }

    [Fact]
    public void An_exception_of_a_handler_of_the_log_ends_the_search_and_is_no_failure_of_a_run()
    {
        var thrown = new InvalidOperationException("The log is full.");
        bool isFull = true;
        _ml.Log += (_, line) =>
        {
            if (isFull && line.RawMessage.Contains(" of 27 steps, ", StringComparison.Ordinal)) throw thrown;
        };
        var store = new InMemoryTrialStore();
        var options = new PlainSearchOptions { Store = store };
        Assert.Same(
            thrown, Assert.Throws<InvalidOperationException>(() => Run(options, _ml.MulticlassClassification.SearchEarlyReadout)));
        IReadOnlyList<StoredRun> runs = store.Read("search");
        Assert.Contains(runs, run => run.Reached > 0);
        Assert.All(
            runs, run => Assert.True(run is { Failures: 0, State: not (RunState.Running or RunState.Failed) }, $"{run}")); // handed back
        isFull = false;
        using SearchResult<EarlyReadoutEstimator.Options> result = Run(options, _ml.MulticlassClassification.SearchEarlyReadout);
        Assert.All(result.Trials.SelectMany(trial => trial.Runs), run => Assert.Null(run.Fault));
    }

    [Fact]
    public void A_search_has_the_seed_of_the_context_that_it_is_made_with()
    {
        string expected = Settings(new MLContext(), seed: 1);
        Assert.Equal(expected, Settings(new MLContext(seed: 1), seed: null));
        Assert.NotEqual(expected, Settings(new MLContext(seed: 2), seed: null));

        string Settings(MLContext ml, int? seed)
        {
            using SearchResult<EarlyReadoutEstimator.Options> result = Run(
                new PlainSearchOptions { Seed = seed }, options => Own(ml, options));
            return string.Join(' ', result.Trials[1].Settings.Values);
        }
    }

    [Fact]
    public void A_search_stops_where_the_context_that_it_is_made_with_is_cancelled()
    {
        // What AutoML calls at the end of a trial's time; ML.NET keeps it internal.
        MethodInfo cancel = typeof(MLContext).GetMethod(
            "CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
        OperationCanceledException fault = RunUntilCancelled(new PlainSearchOptions(), () => cancel.Invoke(_ml, null));
        Assert.Equal("The MLContext's execution was cancelled.", fault.Message);
    }

    [Fact]
    public void A_search_in_memory_that_an_exception_has_ended_goes_on_from_its_checkpoints_and_then_leaves_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("other-searches-").FullName;
        try
        {
            var thrown = new InvalidOperationException("The dashboard is gone.");
            HashSet<string> used = [];
            int reports = 0;
            var progress = new Receiver(() =>
            {
                used.UnionWith(Directory.GetDirectories(folder));
                if (++reports == 3) throw thrown;
            });
            var options = new PlainSearchOptions { CheckpointDirectory = folder, Progress = progress };
            TrainerSearch<EarlyReadoutEstimator.Options>? search = null;
            Assert.Same(thrown, Assert.Throws<InvalidOperationException>(() => Run(options, OneSearch)));
            string kept = Assert.Single(Directory.GetDirectories(folder));
            Assert.NotEmpty(Directory.GetDirectories(kept, "checkpoint-*", SearchOption.AllDirectories));
            using SearchResult<EarlyReadoutEstimator.Options> result = Run(options, OneSearch);
            Assert.Equal(kept, Assert.Single(used));
            Assert.True(reports > 3);
            Assert.Empty(Directory.GetDirectories(folder));
            using SearchResult<EarlyReadoutEstimator.Options> undisturbed = Run(
                new PlainSearchOptions(), _ml.MulticlassClassification.SearchEarlyReadout);
            Assert.Equal(undisturbed.ToJson(), result.ToJson());

            TrainerSearch<EarlyReadoutEstimator.Options> OneSearch(PlainSearchOptions each) => search ??= Own(_ml, each);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_search_in_memory_that_is_cancelled_leaves_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("other-searches-").FullName;
        try
        {
            using var stop = new CancellationTokenSource();
            int within = 0;
            RunUntilCancelled(new PlainSearchOptions { CheckpointDirectory = folder, CancellationToken = stop.Token }, () =>
            {
                within = Directory.GetDirectories(folder).Length;
                stop.Cancel();
            });
            Assert.Equal(1, within);
            Assert.Empty(Directory.GetDirectories(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void What_a_search_has_not_written_into_its_checkpoint_folder_is_left_there()
    {
        string folder = Directory.CreateTempSubdirectory("other-searches-").FullName;
        try
        {
            string notes = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "search")).FullName, "notes.txt");
            File.WriteAllText(notes, "mine");
            int within = 0;
            var progress = new Receiver(() => within = Math.Max(within, Directory.GetFileSystemEntries(folder).Length));
            Run(
                new PlainSearchOptions { CheckpointDirectory = folder, Progress = progress },
                _ml.MulticlassClassification.SearchEarlyReadout).Dispose();
            Assert.Equal(2, within); // its own were beside it
            Assert.Equal(["search"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
            Assert.Equal("mine", File.ReadAllText(notes));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_checkpoint_folder_that_cannot_be_made_is_named_with_what_to_set()
    {
        string folder = Path.Combine(typeof(OtherSearchesTests).Assembly.Location, "checkpoints"); // below a file
        var options = new PlainSearchOptions { CheckpointDirectory = folder };
        string message = Assert.Throws<IOException>(() => Run(options, _ml.MulticlassClassification.SearchEarlyReadout)).Message;
        Assert.StartsWith($"The temporary folder '{folder}", message, StringComparison.Ordinal);
        Assert.EndsWith(" Set CheckpointDirectory to a folder that can be written and has room.", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_killed_search_has_left_goes_with_the_next_search()
    {
        string folder = _ml.TempFilePath = Directory.CreateTempSubdirectory("killed-search-").FullName;
        try
        {
            string variable = OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";
            using (ChildProcess killed = OwnProcess.Start<OtherSearchesTests>(nameof(Searches_until_it_is_killed), (variable, folder)))
            {
                while (!File.Exists(Path.Combine(folder, Stands)))
                {
                    Assert.False(killed.HasExited, "The search was over before it could be killed.");
                    await Task.Delay(20, TestContext.Current.CancellationToken);
                }

                killed.Kill();
                await killed.ExitAsync(TestContext.Current.CancellationToken);
            }

            Assert.NotEmpty(Directory.GetDirectories(Assert.Single(Left()), "checkpoint-*", SearchOption.AllDirectories));
            Run(new PlainSearchOptions(), _ml.MulticlassClassification.SearchEarlyReadout).Dispose();
            Assert.Empty(Left());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string[] Left() => Directory.GetDirectories(folder, "earlyreadout-*"); // .NET has files of its own there
    }

    [Fact(Explicit = true)]
    public void Searches_until_it_is_killed()
    {
        int reports = 0;
        var progress = new Receiver(() =>
        {
            if (++reports < 2) return;
            File.WriteAllText(Path.Combine(Path.GetTempPath(), Stands), "");
            Thread.Sleep(Timeout.Infinite);
        });
        Run(new PlainSearchOptions { Progress = progress }, _ml.MulticlassClassification.SearchEarlyReadout, workers: 1).Dispose();
    }

    [Fact]
    public void A_lease_that_no_clock_can_add_is_a_fault()
    {
        var options = new PlainSearchOptions { Lease = TimeSpan.MaxValue };
        Assert.Contains(
            $"Lease is {TimeSpan.MaxValue}; it must be from one second to 30 days.",
            Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.SearchEarlyReadout(options)).Message,
            StringComparison.Ordinal);
        new PlainSearchOptions { Lease = TimeSpan.FromDays(30) }.Validate();
    }

    /// <summary>A search as of a trainer of one's own.</summary>
    private static TrainerSearch<EarlyReadoutEstimator.Options> Own(MLContext ml, PlainSearchOptions options) =>
        new(ml, options, (environment, trainer) => new EarlyReadoutEstimator(environment, trainer));

    /// <summary>Runs a search that is cancelled at its first report, which takes until the search has stopped its runs.</summary>
    private OperationCanceledException RunUntilCancelled(PlainSearchOptions options, Action cancel)
    {
        var tokens = new ConcurrentQueue<CancellationToken>();
        options.Progress = new Receiver(() =>
        {
            cancel();
            SpinWait.SpinUntil(
                () => tokens.Any(token => token != options.CancellationToken && token.IsCancellationRequested), TimeSpan.FromMinutes(1));
        });
        return Assert.Throws<OperationCanceledException>(() => Run(
            options,
            each => new TrainerSearch<EarlyReadoutEstimator.Options>(_ml, each, (environment, trainer) =>
            {
                tokens.Enqueue(trainer.CancellationToken);
                return new EarlyReadoutEstimator(environment, trainer);
            })));
    }

    private SearchResult<TOptions> Run<TOptions, TSearch>(
        TSearch options, Func<TSearch, TrainerSearch<TOptions>> create, int trials = 2, int fresh = 2, int workers = 2)
        where TOptions : TrainerOptions, new()
        where TSearch : SearchOptions<TOptions>
    {
        TOptions trainer = options.Trainer;
        (trainer.Network.HiddenUnits, trainer.BatchSize, trainer.Steps) = ([8, 8], 16, 27);
        (options.Trials, options.SeedsPerTrial, options.ConfirmationSeeds, options.Workers) = (trials, 1, fresh, workers);
        return create(options).Run(BiasedRow.View(_ml, 150), BiasedRow.View(_ml, 100, seed: 2));
    }

    private sealed class Throwing(Exception fault) : IProgress<SearchProgress>
    {
        public void Report(SearchProgress value) => throw fault;
    }

    private sealed class Receiver(Action receive) : IProgress<SearchProgress>
    {
        public void Report(SearchProgress value) => receive();
    }
}
