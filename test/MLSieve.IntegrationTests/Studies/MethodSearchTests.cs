using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Studies;

namespace MLSieve.Tests;

/// <summary>A method's settings, found by the library's own search.</summary>
public sealed class MethodSearchTests : IDisposable
{
    private const string Unread = "The test rows are not to be read.";
    private const string Line = "coloured-methods --seeds 3 --search-seeds 2 --epochs 3 --trials 3 --rows 96 "
        + "--setting stage=2,depth=1,width=8,every=1,forget=0.7,readout=0.05";
    private static readonly HashSet<PlannedRun> Nothing = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("method-search-").FullName;
    private readonly AgreementStudy _study = new(StudyOptions.Parse(["run", .. Line.Split(' ')]), "small", 0.98, new UntestedRows());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("sieve")]
    [InlineData("sieve-joint")]
    public void It_looks_at_no_test_row_and_at_no_final_seed_and_a_trial_is_what_a_final_run_trains(string name)
    {
        Method method = _study.Asked().Single(method => method.Name == name);
        IReadOnlyList<FinishedRun> runs = new MethodSearch(_study, method).Run(_folder, 2, TestContext.Current.CancellationToken);
        Assert.Equal(10, runs.Count); // no forgetting, the known setting, three that are drawn; two seeds each
        Assert.All(runs, run =>
        {
            Assert.Equal((RunPhase.Search, name, _study.Conditions), (run.Phase, run.Method, run.Conditions));
            Assert.DoesNotContain(run.Seed, _study.FinalSeeds);
            Assert.Equal(run.Curve.Max(), run.Primary);
            Assert.Equal(run.Primary, run.Metrics[StudyMetrics.Unbiased]);
            Assert.Equal(run.Curve.Count * 3, run.Steps); // three steps an epoch
            Assert.Equal(10, run.Trial!.Runs);
        });
        Assert.Equal(2, runs.Select(run => run.Seed).Distinct().Count());
        Assert.All(runs.Where(run => run.Trial!.Number == 0), run => Assert.Equal(("rate=0.05,every=0", 9), (run.Settings, run.Steps)));
        Assert.All(
            runs.Where(run => run.Trial!.Number == 1),
            run => Assert.Equal("rate=0.05,every=1,stage=2,depth=1,width=8,forget=0.7,readout=0.05", run.Settings));
        Assert.Contains(runs, run => run.Steps < 9); // halving has stopped some
        Assert.Contains("and rate=0.05,every=1,stage=2", new MethodSearch(_study, method).Asked);

        string chosen = SearchedTrial.Choose(runs)!;
        FinishedRun trial = runs.First(run => run.Settings == chosen);
        Assert.Equal(9, trial.Steps);
        var ml = new MLContext(trial.Seed);
        var training = new Training(ml, _study.SearchRows(ml), trial.Seed, TestContext.Current.CancellationToken);
        using var model = (EarlyReadoutTransformer)method.At(chosen).Fit(training);
        Assert.Equal(trial.Curve, model.History.Points.Select(point => point.ValidationScore!.Value));

        IReadOnlyDictionary<string, double> figures = StudyMetrics.Evaluate(ml, model, training.Data.Validation);
        Assert.Equal(trial.Metrics[StudyMetrics.Average], figures[StudyMetrics.Average], 6);
        Assert.Equal(trial.Metrics[StudyMetrics.Worst], figures[StudyMetrics.Worst], 6);
        Exception refused = Assert.ThrowsAny<Exception>(() => StudyMetrics.Evaluate(ml, model, training.Data.Test));
        Assert.Equal(Unread, Assert.IsType<InvalidOperationException>(refused.GetBaseException()).Message);
    }

    [Theory]
    [InlineData(TrialState.Failed, "Out of memory.", null)]
    [InlineData(TrialState.Diverged, null, "Out of memory.")]
    public void A_run_that_failed_is_no_run_that_diverged(TrialState state, string? failed, string? diverged)
    {
        var run = new TrialRun { Seed = 5, Score = 0, RungScores = [], Curve = [], Groups = [], Fault = "Out of memory." };
        var trial = new SearchTrial
        {
            Number = 1,
            IsPlain = false,
            Settings = new Dictionary<string, string>(),
            LearningRate = 0.05,
            State = state,
            Steps = 9,
            Score = 0,
            RungScores = [],
            Runs = [run],
            Confirmation = [],
        };
        var options = new FeatureSieveTrainer.Options { Optimizer = { LearningRate = 0.05 }, ForgetEvery = 0 };
        FinishedRun line = FinishedRun.Of(
            _study, _study.Asked().Single(method => method.Name == "sieve"), new SearchedTrial("asked", 1, 1), trial, options, run);
        Assert.Equal((failed, diverged, (double?)null), (line.Failed, line.Diverged, line.Primary));
    }

    [Fact]
    public void A_store_that_was_made_otherwise_is_refused_and_named()
    {
        var search = new MethodSearch(_study, _study.Asked().Single(method => method.Name == "sieve"));
        string store = Path.Combine(_folder, "small-98-sieve.db");
        TrialStore.Sqlite(store).Open(search.Name, new Dictionary<string, string> { ["BatchSize"] = "7" });
        var fault = Assert.Throws<InvalidOperationException>(() => search.Run(_folder, 1, TestContext.Current.CancellationToken));
        Assert.StartsWith($"{store} was made by other options or data; delete it to search anew.", fault.Message);
        Assert.Contains("BatchSize was 7 and is 32", fault.Message);
    }

    [Fact]
    public void Workers_share_the_search_and_final_runs_wait_for_all_of_it()
    {
        var finished = new FinishedRuns(_folder);
        PlannedRun share = Assert.Single(Of("sieve", finished));
        Assert.True(share is { IsShared: true, Phase: RunPhase.Search, Seed: 1001 });
        Assert.StartsWith("3 settings and rate=0.05,", share.Setting);
        Assert.DoesNotContain(new StudyPlan(_study, Line).Open(finished, new HashSet<PlannedRun> { share }), run => run.Method == "sieve");

        FinishedRun[] runs =
        [
            Searched(share.Setting, 0, 0.95), Searched(share.Setting, 1, 0.5), Searched(share.Setting, 2, 0.8),
            Searched(share.Setting, 3, null), Searched(share.Setting, 4, 0.7),
        ];
        foreach (FinishedRun run in runs[..^1]) finished.Add(run);
        Assert.Equal(share, Assert.Single(Of("sieve", finished)));
        finished.Add(runs[^1]);
        PlannedRun[] finals = Of("sieve", finished);
        Assert.Equal([1, 2, 3], finals.Select(run => run.Seed));
        Assert.All(finals, run => Assert.Equal((RunPhase.Final, runs[2].Settings), (run.Phase, run.Setting))); // "no forgetting" is plain's
        Assert.True(Of("sieve-joint", finished).Single().IsShared); // another method, another search
        finished.Add(runs[2] with { Phase = RunPhase.Final, Seed = 1, Trial = null });
        Assert.Empty(new StudyPlan(_study, Line).Kept(finished)); // the search that is asked for has chosen it
    }

    [Fact]
    public void A_search_of_which_every_setting_diverged_is_not_made_again()
    {
        var finished = new FinishedRuns(_folder);
        string asked = Of("sieve", finished).Single().Setting;
        foreach (int number in Enumerable.Range(0, 5)) finished.Add(Searched(asked, number, number == 0 ? 0.5 : null));
        Assert.Empty(Of("sieve", finished));
    }

    [Fact]
    public void Final_runs_of_an_older_search_stand_and_no_other_is_made()
    {
        const string Older = "rate=0.05,every=15,stage=1,depth=1,width=32,forget=1.5,readout=0.01";
        var finished = new FinishedRuns(_folder);
        FinishedRun search = Searched("", 1, 0.9) with { Trial = null, Seed = 1001, Settings = Older };
        finished.Add(search);
        Assert.True(Of("sieve", finished).Single().IsShared);
        Assert.Empty(new StudyPlan(_study, Line).Kept(finished));
        finished.Add(search with { Phase = RunPhase.Final, Seed = 1 });
        FinishedRun kept = Assert.Single(new StudyPlan(_study, Line).Kept(finished));
        Assert.Equal(("sieve", Older), (kept.Method, kept.Settings));
        Assert.Equal([(2, Older), (3, Older)], Of("sieve", finished).Select(run => (run.Seed, run.Setting)));
        foreach (int seed in new[] { 2, 3 }) finished.Add(search with { Phase = RunPhase.Final, Seed = seed });
        Assert.Empty(Of("sieve", finished));
    }

    [Fact]
    public void The_table_says_which_search_chose_a_setting()
    {
        FinishedRun[] searched =
        [
            ..
               from number in Enumerable.Range(0, 5)
               select Searched("4 settings, 1 seeds", number, number == 0 ? 0.625 : 0.5 + (0.05 * number)),
        ];
        searched[1] = searched[1] with { Steps = 3 };
        FinishedRun older = searched[2] with { Trial = null, Seed = 1001 };
        FinishedRun final = searched[4] with { Trial = null, Phase = RunPhase.Final, Seed = 1 };
        string table = StudyTables.Of([.. searched, older, final, final with { Method = "plain", Settings = "" }]);
        string[] lines = table.Replace("\n  ", " ", StringComparison.Ordinal).Split('\n'); // notes that were broken at the page's width
        Assert.Contains(
            "- sieve, the best of 4 settings by the library's search (trained in full: 3; seeds: 1; on validation rows 70.0, no forgetting "
                + $"62.5): `{final.Settings}`", lines);
        Assert.Contains("- Chosen by the mean of groups on validation rows, averaged over the seeds 1001.", lines);
        lines = StudyTables.Of([.. searched, older, final with { Settings = older.Settings }, final with { Method = "plain" }]).Split('\n');
        Assert.Contains($"- sieve, the only setting tried: `{older.Settings}`", lines);
    }

    private PlannedRun[] Of(string method, FinishedRuns finished) =>
        [.. new StudyPlan(_study, Line).Open(finished, Nothing).Where(run => run.Method == method)];

    private FinishedRun Searched(string search, int number, double? figure) => new()
    {
        Study = _study.Name,
        Phase = RunPhase.Search,
        Method = "sieve",
        Seed = 123456789,
        Settings = FormattableString.Invariant($"rate=0.05,every=1,stage=1,depth=0,width=1,forget={number},readout=0.05"),
        Trial = new SearchedTrial(search, number, 5),
        Steps = 9,
        Primary = figure,
        Metrics = figure is { } known ? new Dictionary<string, double> { [StudyMetrics.Unbiased] = known } : new(),
        Curve = [],
        Diverged = figure is null ? "The loss is not finite." : null,
        Conditions = _study.Conditions,
        Processor = "a machine",
        Commit = "abcdef0123",
        Time = new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc),
    };

    /// <summary>Small noisy pictures of two classes whose colour betrays them in training; the test rows cannot be read.</summary>
    private sealed class UntestedRows : IStudyRows
    {
        private const int Side = 8;

        public int Count => 96;

        public StudyData Load(MLContext ml, int seed)
        {
            IEnumerable<IDataView> views = [View(Count, 0.9, 1), View(60, 0.5, 2)];
            IDataView[] read = [.. views];
            IDataView test = ml.Data.LoadFromEnumerable(Unreadable());
            return StudyData.From(ml, ["high", "low"], read[0], read[1], test);

            IDataView View(int count, double agreement, int purpose)
            {
                Random random = RandomSources.For(seed, purpose);
                PackedImages images = PackedImages.Allocate(count, 3, Side, Side);
                for (int i = 0; i < count; i++)
                {
                    bool isHigh = i % 2 == 0;
                    bool agrees = random.NextDouble() < agreement;
                    random.NextBytes(images[i]);
                    images[i].Slice(isHigh ? 0 : Side * Side / 2, Side * Side / 2).Fill(200);
                    images[i].Slice((isHigh == agrees ? 1 : 2) * Side * Side, Side * Side).Fill(250);
                    (images.Labels[i], images.Cues[i]) = (isHigh ? "high" : "low", agrees ? Agreement.Agrees : Agreement.Conflicts);
                }

                return images.ToDataView(ml);
            }
        }

        private static IEnumerable<UnreadRow> Unreadable()
        {
            if (DateTime.UtcNow.Year > 0) throw new InvalidOperationException(Unread);
            yield return new UnreadRow();
        }

        private sealed class UnreadRow
        {
            [Microsoft.ML.Data.VectorType(3, Side, Side)]
            public float[] Pixels { get; set; } = [];

            public string Label { get; set; } = "";

            public string Cue { get; set; } = "";
        }
    }
}
