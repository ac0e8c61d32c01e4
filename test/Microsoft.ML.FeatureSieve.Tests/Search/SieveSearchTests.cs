using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>Searches that train: small, but by the real trainer, with real checkpoints.</summary>
public sealed class SieveSearchTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly IDataView _train;
    private readonly IDataView _validation;
    private readonly string _folder = Directory.CreateTempSubdirectory("search-tests-").FullName;

    public SieveSearchTests() => (_train, _validation) = (PlaceRow.View(_ml, 120, 1), PlaceRow.View(_ml, 100, 2, 0.5));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_result_does_not_depend_on_workers_or_on_who_shares_the_search()
    {
        string one = Search(options => options.Workers = 1);
        Assert.Equal(one, Search(options => options.Workers = 2));
        Assert.Equal(one, Search(options => options.Workers = 3));

        var store = new InMemoryTrialStore();
        string[] shared = new string[2];
        Parallel.For(0, 2, i => shared[i] = Search(options =>
            (options.Store, options.Workers, options.CheckpointDirectory) = (store, 1, _folder)));
        Assert.Equal([one, one], shared);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder)); // nothing is left of what was needed
    }

    [Fact]
    public void A_search_that_is_cancelled_again_and_again_ends_as_one_that_is_not()
    {
        string whole = Search(_ => { });
        var store = new InMemoryTrialStore();
        int cancelled = 0;
        bool hasKept = false;
        string? result = null;
        while (result is null)
        {
            using var stop = new CancellationTokenSource();
            int reports = 0;
            try
            {
                result = Search(options =>
                {
                    (options.Store, options.CheckpointDirectory, options.CancellationToken) = (store, _folder, stop.Token);
                    options.Progress = new Reports(_ =>
                    {
                        if (Interlocked.Increment(ref reports) == 2) stop.Cancel();
                    });
                });
            }
            catch (OperationCanceledException)
            {
                cancelled++;
                Assert.DoesNotContain(store.Read("search"), run => run.State == RunState.Running); // claims are handed back
                hasKept |= Directory.GetDirectories(_folder, "checkpoint-*", SearchOption.AllDirectories).Length > 0;
            }
        }

        Assert.True(cancelled >= 3, $"cancelled {cancelled} times");
        Assert.True(hasKept); // what the next call went on from
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        Assert.Equal(whole, result);
    }

    [Fact]
    public void Every_report_of_progress_says_what_is_done_and_how_long_the_rest_takes()
    {
        var reports = new ConcurrentQueue<SearchProgress>();
        Run(options => (options.Progress, options.Workers) = (new Reports(reports.Enqueue), 1)).Dispose();
        Assert.All(
            reports, report => Assert.True(report is { Trials: 7, TimeLeft: not null, Done: <= 2, Stopped: <= 5 }, report.ToString()));
        Assert.Equal(reports.Select(report => report.Stopped).Order(), reports.Select(report => report.Stopped));
        Assert.Equal((2, 5, TimeSpan.Zero), (reports.Last().Done, reports.Last().Stopped, reports.Last().TimeLeft));
    }

    [Fact]
    public void What_is_not_worth_it_is_stopped_and_plain_training_is_not()
    {
        using SearchResult<FeatureSieveTrainer.Options> result = Run(_ => { });
        Assert.Equal([2, 6, 18], result.RungSteps);
        Assert.Equal(18, result.Trials[0].Steps);
        Assert.Equal(4, result.Trials.Count(trial => trial.Steps == 2));
        Assert.Single(result.Trials, trial => trial.Steps == 6);
        Assert.Single(result.Trials, trial => trial is { Steps: 18, IsPlain: false });
        Assert.All(result.Trials, trial => Assert.Equal(trial.Steps == 18 ? TrialState.Finished : TrialState.Stopped, trial.State));
        for (int rung = 0; rung < 2; rung++)
        {
            SearchTrial[] compared = [.. result.Trials.Where(trial => !trial.IsPlain && trial.RungScores.Count > rung)];
            double worstKept = compared.Where(trial => trial.RungScores.Count > rung + 1).Min(trial => trial.RungScores[rung]);
            Assert.All(
                compared.Where(trial => trial.RungScores.Count == rung + 1), trial => Assert.True(trial.RungScores[rung] <= worstKept));
        }

        Assert.All(result.Trials, trial => Assert.All(trial.Runs, run =>
        {
            Assert.Equal(trial.Steps, run.Curve[^1].Step);
            Assert.Equal(run.Curve.Max(point => point.Score), run.Score);
            Assert.Equal(100, run.Groups.Sum(group => group.Count));
        }));
    }

    [Fact]
    public void The_choice_trains_to_the_figure_that_the_search_saw_and_reads_no_row_again()
    {
        var train = new CountingView(_train);
        var validation = new CountingView(_validation);
        using SearchResult<FeatureSieveTrainer.Options> result = Search(_ => { }, train, validation);
        TrialRun seen = result.Best.Runs[0];
        using EarlyReadoutTransformer model = result.Fit(train, checked((int)seen.Seed), TestContext.Current.CancellationToken);
        using EarlyReadoutTransformer plain = result.FitPlain(train, 7, TestContext.Current.CancellationToken);
        Assert.Equal(seen.Score, model.History.Selected!.ValidationScore);
        Assert.Equal(model.History.Points.Count, seen.Curve.Count);
        foreach ((TrainingPoint trained, CurvePoint searched) in model.History.Points.Zip(seen.Curve))
        {
            Assert.Equal((trained.Step, trained.ValidationScore), (searched.Step, searched.Score));
            Assert.Equal(trained.Losses, searched.Losses);
        }

        Assert.Equal((1, 1), (train.Cursors, validation.Cursors));
        result.Dispose();
        Assert.Throws<ObjectDisposedException>(() => result.Fit(train, 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_trial_has_the_losses_along_its_curve_and_the_main_rate_that_its_other_rates_are_multiples_of()
    {
        using SearchResult<FeatureSieveTrainer.Options> result = Run(options =>
        {
            options.Trials = 5;
            options.Space = options.Space with
            {
                LearningRate = new(0.01, 0.1),
                ForgetRateMultiple = LogRange.Fixed(2),
                ReadoutRateMultiple = LogRange.Fixed(0.5),
            };
        });
        Assert.Equal(2, result.ClassCount);
        Assert.Equal(0.05, result.Trials[0].LearningRate);
        Assert.Equal([0, 5], result.Trials.Where(trial => trial.IsPlain).Select(trial => trial.Number));
        Assert.All(
            result.Trials.Skip(1),
            trial => Assert.Equal(trial.LearningRate, Rate(trial, "Optimizer.LearningRate"), 0.01 * trial.LearningRate));
        Assert.All(result.Trials.Where(trial => !trial.IsPlain), trial =>
        {
            Assert.Equal(2 * trial.LearningRate, Rate(trial, "ForgetLearningRate"), 0.01 * trial.LearningRate);
            Assert.Equal(trial.LearningRate / 2, Rate(trial, "ReadoutLearningRate"), 0.01 * trial.LearningRate);
            Assert.Contains(trial.Runs[0].Curve, point => point.Losses.ContainsKey("readout accuracy"));
        });
        Assert.All(result.Trials[0].Runs[0].Curve, point => Assert.DoesNotContain("forget", point.Losses.Keys));
        Assert.Equal(["main", "readout", "readout accuracy", "forget", "forgotten"], result.Meters.Select(meter => meter.Name));
        Assert.Equal(new MeterBound("log C", Math.Log(2)), result.Meters[^1].Chart!.Bound);
        Assert.Contains("bound, log C: 0.693", result.CreateReport().Html, StringComparison.Ordinal);
        IEnumerable<CurvePoint> points = result.Trials.SelectMany(trial => trial.Runs).SelectMany(run => run.Curve);
        Assert.All(points, point => Assert.InRange(point.Losses["main"], 0, 10));

        static double Rate(SearchTrial trial, string option) => double.Parse(trial.Settings[option], CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Trials_that_diverge_are_the_worst_and_are_told()
    {
        using SearchResult<FeatureSieveTrainer.Options> result = Run(options =>
        {
            options.Space = SieveSpace.Default with { ForgetRateMultiple = new(1, 1e30), ForgetEvery = [1] };
            options.Trials = 4;
        });
        SearchTrial[] diverged = [.. result.Trials.Where(trial => trial.State == TrialState.Diverged)];
        Assert.NotEmpty(diverged);
        Assert.All(diverged.SelectMany(trial => trial.Runs).Where(run => run.Fault is not null), run => Assert.Equal(0, run.Score));
        Assert.Contains(diverged, trial => trial.Runs.Any(run => run.Fault!.Contains("diverged", StringComparison.Ordinal)));
        Assert.NotEqual(TrialState.Diverged, result.Best.State);
        Assert.Contains("diverged", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_all_trials_diverge_the_error_says_what_was_tried_and_what_to_do()
    {
        var error = Assert.Throws<SearchFailedException>(() => Run(options =>
        {
            options.Trainer.Optimizer.LearningRate = 1e30;
            options.Trials = 2;
        }));
        Assert.StartsWith("All 3 trials diverged. Tried were ForgetLearningRate ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Lower Trainer.Optimizer.LearningRate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_fails_is_tried_again_and_one_that_always_fails_is_told()
    {
        string whole = Search(options => options.Trainer.Network.Custom = (shape, classes) => new Mlp(shape, [8, 8], classes));
        int built = 0;
        Assert.Equal(whole, Search(options => options.Trainer.Network.Custom = (shape, classes) =>
            Interlocked.Increment(ref built) % 7 == 0
                ? throw new InvalidOperationException("Not this time.")
                : new Mlp(shape, [8, 8], classes)));
        Assert.True(built > 20);

        built = 0;
        var error = Assert.Throws<SearchFailedException>(() => Run(options =>
        {
            (options.Trials, options.Trainer.Network.Custom) = (1, (shape, classes) =>
                Interlocked.Increment(ref built) > 1 ? throw new InvalidOperationException("Never.") : new Mlp(shape, [8, 8], classes));
        }));
        Assert.Equal("No trial finished: 0 runs diverged and 4 failed. The first said: Never.", error.Message);
        // the first look, four runs, and plain training on two fresh seeds if there was time
        Assert.InRange(built, 1 + (3 * 4), 1 + (3 * 6));
    }

    [Fact]
    public void Progress_and_log_tell_of_runs_decisions_and_the_end()
    {
        var seen = new ConcurrentQueue<SearchProgress>();
        var lines = new ConcurrentQueue<string>();
        _ml.Log += (_, line) =>
        {
            if (line.Source == "Search") lines.Enqueue(line.RawMessage);
        };
        using SearchResult<FeatureSieveTrainer.Options> result = Run(
            options => (options.Progress, options.Workers) = (new Reports(seen.Enqueue), 1));
        SearchProgress last = seen.Last();
        Assert.Equal((7, 2, 5, TimeSpan.Zero), (last.Trials, last.Done, last.Stopped, last.TimeLeft));
        Assert.Equal(result.Trials.Where(trial => trial.Steps == 18).Max(trial => trial.Score), last.BestScore!.Value);
        Assert.Single(lines, line => line.StartsWith("After 2 steps 2 of 6 trials go on; the best is trial ", StringComparison.Ordinal));
        Assert.Single(lines, line => line.StartsWith("After 6 steps 1 of 2 trials goes on; ", StringComparison.Ordinal));
        Assert.Single(lines, line => line.EndsWith("are trained from 2 fresh seeds.", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("18 of 18 steps, UnbiasedAccuracy ", StringComparison.Ordinal));
        Assert.Contains(result.Verdict, lines);
    }

    [Fact]
    public void The_log_says_one_trial_in_the_singular()
    {
        var lines = new ConcurrentQueue<string>();
        _ml.Log += (_, line) => lines.Enqueue(line.RawMessage);
        Run(options => options.Trials = 1).Dispose();
        Assert.Contains(lines, line => line.Contains("steps 1 of 1 trial goes on; the best is trial 1 ", StringComparison.Ordinal));
    }

    [Fact]
    public void Cancelling_the_context_stops_the_search()
    {
        var ml = new MLContext(seed: 1);
        MethodInfo cancel = typeof(MLContext).GetMethod(
            "CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
        var search = ml.MulticlassClassification.SearchFeatureSieve(new SieveSearchOptions
        {
            Trainer = { Steps = 1_000_000 },
            Workers = 2,
            Halving = new() { FirstSteps = 10 },
            Progress = new Reports(_ => cancel.Invoke(ml, null)),
        });
        Assert.ThrowsAny<OperationCanceledException>(() => search.Run(_train, _validation));
    }

    [Fact]
    public void A_store_with_another_search_of_the_name_says_what_differs()
    {
        var store = new InMemoryTrialStore();
        using (SearchResult<FeatureSieveTrainer.Options> result = Run(options =>
            (options.Store, options.Trials, options.KnownSettings) = (store, 1, [new() { ForgetEvery = 7, ForgetLearningRate = 0.25 }])))
        {
            Assert.Equal((3, "7"), (result.Trials.Count, result.Trials[1].Settings["ForgetEvery"]));
            Assert.Equal(0.25, result.OptionsOf(result.Trials[1]).ForgetLearningRate);
            Assert.InRange(result.Trials[1].Score, 0.2, 1);
        }

        var error = Assert.Throws<SearchMismatchException>(() => Run(options =>
        {
            (options.Store, options.Trials, options.Seed) = (store, 1, 5);
            options.Space = options.Space with { ForgetEvery = [3] };
            options.Trainer.BatchSize = 8;
            options.KnownSettings = [new() { ForgetEvery = 7 }];
        }));
        Assert.Equal(
            [
                "BatchSize was 16 and is 8",
                """KnownSettings was {"Readout.Stage":1,"ForgetEvery":7,"ForgetLearningRate":0.25} """
                    + """and is {"Readout.Stage":1,"ForgetEvery":7}""",
                "Space.ForgetEvery was [1,2,5,15] and is [3]", "the seed was 1 and is 5",
            ],
            error.Differences.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Validation_on_training_rows_and_a_lack_of_conflicting_rows_are_warned_of()
    {
        var messages = new ConcurrentQueue<string>();
        _ml.Log += (_, line) =>
        {
            if (line.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning) messages.Enqueue(line.RawMessage);
        };
        IDataView aligned = PlaceRow.View(_ml, 60, 3, aligned: 1);
        using SearchResult<FeatureSieveTrainer.Options> none = Search(options => options.Trials = 1, _train, aligned);
        Assert.Equal(0, none.ConflictingRows);
        Assert.Contains(none.Warnings, warning => warning.StartsWith("No validation row conflicts", StringComparison.Ordinal));
        Assert.Contains(none.Warnings, warning => warning.Contains("no validation rows for 2 of 4 groups", StringComparison.Ordinal));
        Assert.Contains(messages, message => message.StartsWith("No validation row conflicts", StringComparison.Ordinal));
        // once, by the trainer
        Assert.Single(messages, message => message.Contains("no validation rows for 2 of 4 groups", StringComparison.Ordinal));

        using SearchResult<FeatureSieveTrainer.Options> few = Search(options => options.Trials = 1, _train, _validation);
        Assert.InRange(few.ConflictingRows!.Value, 1, 99);
        string points = FormattableString.Invariant($"{98 / Math.Sqrt(few.ConflictingRows.Value):F0}");
        Assert.Contains(few.Warnings, warning => warning.StartsWith(
            $"Few validation rows conflict with the shortcut: {few.ConflictingRows}. An accuracy on so few is known to ± {points} points",
            StringComparison.Ordinal));

        using SearchResult<FeatureSieveTrainer.Options> same = Search(options => options.Trials = 1, _train, PlaceRow.View(_ml, 120, 1));
        Assert.Contains(
            same.Warnings, warning => warning.StartsWith("The validation rows are the training rows", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_the_training_rows_have_no_groups_those_of_the_validation_rows_choose_and_conflicting_rows_are_not_counted()
    {
        IDataView bare = _ml.Transforms.DropColumns("Place").Fit(_train).Transform(_train);
        using SearchResult<FeatureSieveTrainer.Options> all = Search(options => options.Trials = 2, _train, _validation);
        using SearchResult<FeatureSieveTrainer.Options> some = Search(options => options.Trials = 2, bare, _validation);
        Assert.Equal(SelectionMetric.UnbiasedAccuracy, some.Selection);
        Assert.Equal(all.Trials.Select(trial => trial.Score), some.Trials.Select(trial => trial.Score));
        Assert.Equal(
            all.Groups.OrderBy(group => group.Name).Select(group => (group.Name, group.ValidationRows, group.PlainAccuracy)),
            some.Groups.OrderBy(group => group.Name).Select(group => (group.Name, group.ValidationRows, group.PlainAccuracy)));
        Assert.All(some.Groups, group => Assert.Null(group.TrainingRows));
        Assert.Null(some.ConflictingRows);
        const string unknown = "here a shortcut misleads is not known without GroupColumnName in training and validation rows.";
        Assert.Contains(unknown, some.ToString(), StringComparison.Ordinal);
        string page = some.CreateReport().Html;
        Assert.Contains(unknown, page, StringComparison.Ordinal);
        Assert.Contains("<b>Accuracy by group</b>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_training_wins_a_tie_and_says_so()
    {
        // At a rate of nothing, forgetting does nothing.
        using SearchResult<FeatureSieveTrainer.Options> result = Run(options =>
        {
            options.Space = SieveSpace.Default with { ForgetRateMultiple = LogRange.Fixed(1e-30) };
            options.Trials = 1;
        });
        Assert.Equal(result.BestOther!.Score, result.BestPlain.Score);
        Assert.Equal(0.0, result.Gain!.Mean);
        Assert.Null(result.Gain.Low);
        Assert.Same(result.BestPlain, result.Best);
        Assert.Equal(
            "No difference is seen between trial 1, the best other, and plain training, which is the choice: UnbiasedAccuracy 0.0 "
                + "points, without an interval, 2 fresh seeds. All seeds give the same difference, which does not tell how far other seeds "
                + "would lie from it: nothing is shown; confirm on more seeds (ConfirmationSeeds) or more rows.",
            result.Verdict);
    }

    [Fact]
    public void Runs_have_one_thread_of_libtorch_each_and_the_process_has_its_own_back()
    {
        NativeBackend.EnsureLoaded();
        int before = torch.get_num_threads();
        torch.set_num_threads(3);
        var seen = new ConcurrentQueue<int>();
        try
        {
            Run(options => (options.Trials, options.Trainer.Network.Custom) = (1, (shape, classes) =>
            {
                seen.Enqueue(torch.get_num_threads());
                return new Mlp(shape, [8, 8], classes);
            })).Dispose();
            Assert.Equal(3, torch.get_num_threads());
            Assert.Equal(3, seen.First()); // the look at the network, on the caller's thread
            Assert.All(seen.Skip(1), threads => Assert.Equal(1, threads));
            Thread other = new(() => seen.Enqueue(torch.get_num_threads()));
            other.Start();
            other.Join();
            Assert.Equal(3, seen.Last()); // so have threads to come
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    private string Search(Action<SieveSearchOptions> set)
    {
        using SearchResult<FeatureSieveTrainer.Options> result = Run(set);
        return result.ToJson();
    }

    private SearchResult<FeatureSieveTrainer.Options> Run(Action<SieveSearchOptions> set) => Search(set, _train, _validation);

    private SearchResult<FeatureSieveTrainer.Options> Search(Action<SieveSearchOptions> set, IDataView train, IDataView validation)
    {
        var options = new SieveSearchOptions
        {
            Trainer = { Network = { HiddenUnits = [8, 8] }, BatchSize = 16, Steps = 18, Optimizer = { LearningRate = 0.05 } },
            Trials = 6,
            ConfirmationSeeds = 2,
            GroupColumnName = nameof(PlaceRow.Place),
            Workers = 2,
        };
        set(options);
        return _ml.MulticlassClassification.SearchFeatureSieve(options).Run(train, validation);
    }

    private sealed class Reports(Action<SearchProgress> report) : IProgress<SearchProgress>
    {
        public void Report(SearchProgress value) => report(value);
    }
}
