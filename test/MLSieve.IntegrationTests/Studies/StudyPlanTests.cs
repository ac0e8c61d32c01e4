using Microsoft.ML;
using Microsoft.ML.FeatureSieve;
using Studies;

namespace MLSieve.Tests;

/// <summary>In which order a queue runs a study, and by what it chooses.</summary>
public sealed class StudyPlanTests : IDisposable
{
    private const string Line =
        "coloured-methods --seeds 2 --search-seeds 2 --setting stage=1,depth=0,forget=0.5 --setting stage=2,depth=0,forget=0.5";
    private static readonly HashSet<PlannedRun> Nothing = [];
    private static readonly Dictionary<string, double> NoFigures = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("plan-").FullName;
    private readonly MethodStudy _study = QueueFile.Studies(Line, StudyOptions.Parse(["queue", "any"])).Single();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_needs_no_choice_is_open_at_once_and_final_runs_of_the_sieve_wait_for_its_whole_search()
    {
        var finished = new FinishedRuns(_folder);
        PlannedRun[] open = Open(finished);
        Assert.Equal("coloured-98", _study.Name);
        Assert.Equal(["Final plain 1", "Final plain 2"], open[..2].Select(Short));
        Assert.Equal(["Search sieve 1001", "Search sieve 1001", "Search sieve 1002", "Search sieve 1002"], open[2..6].Select(Short));
        Assert.Equal(
            ["plain", "sieve", "jtt", "afr", "group-dro", "sieve-joint", "readout-afr", "dfr"], open.Select(run => run.Method).Distinct());
        Assert.DoesNotContain(
            open, run => run is { Method: "sieve" or "sieve-joint" or "jtt" or "afr" or "readout-afr", Phase: RunPhase.Final });

        foreach (PlannedRun run in open[2..5]) finished.Add(Searched(run, 0.5));
        Assert.Equal("Search sieve 1002", Short(Open(finished)[2]));
        finished.Add(Searched(open[5], 0.5));
        Assert.Equal(["Final sieve 1", "Final sieve 2"], Open(finished)[2..4].Select(Short));
    }

    [Fact]
    public void What_is_in_the_file_of_the_study_is_not_open_for_the_next_queue()
    {
        var finished = new FinishedRuns(_folder);
        PlannedRun[] open = Open(finished);
        finished.Add(Tested(open[0], 0.5, conflicting: 0.5));
        finished.Add(Searched(open[2], 0.5));
        Assert.Equal(open.Where(run => run != open[0] && run != open[2]), Open(new FinishedRuns(_folder)));
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_folder, "coloured-98.jsonl")).Length);
        PlannedRun other = open[0] with { Conditions = "coloured-98 rows 7" };
        Assert.Null(new FinishedRuns(_folder).Find(other)); // other rows, another run
    }

    [Fact]
    public void The_setting_is_chosen_by_the_mean_over_the_search_seeds_and_test_rows_have_no_part_in_it()
    {
        var finished = new FinishedRuns(_folder);
        Method sieve = _study.Asked().Single(method => method.Name == "sieve");
        PlannedRun[] searches = [.. Open(finished).Where(run => run is { Method: "sieve", Phase: RunPhase.Search })];
        (string first, string second) = (sieve.Candidates[0].Setting, sieve.Candidates[1].Setting);
        double Figure(PlannedRun run) => (run.Setting == first, run.Seed) switch { (true, 1001) => 0.9, (true, _) => 0.1, _ => 0.6 };
        foreach (PlannedRun run in searches) finished.Add(Searched(run, Figure(run)));
        PlannedRun final = searches[0] with { Phase = RunPhase.Final, Setting = first };
        foreach (int seed in new[] { 1, 2 }) finished.Add(Tested(final with { Seed = seed }, 1, conflicting: 1));
        Assert.Equal(second, new StudyPlan(_study, Line).Choose(sieve, finished)?.Setting);
        PlannedRun[] finals = [.. Open(finished).Where(run => run is { Method: "sieve", Phase: RunPhase.Final })];
        Assert.Equal([second, second], finals.Select(run => run.Setting));
    }

    [Fact]
    public void A_setting_that_diverged_or_was_given_up_is_not_chosen()
    {
        var finished = new FinishedRuns(_folder);
        PlannedRun[] searches = [.. Open(finished).Where(run => run is { Method: "sieve", Phase: RunPhase.Search })];
        string first = searches[0].Setting;
        foreach (PlannedRun run in searches.Where(run => run.Setting != first)) finished.Add(Searched(run, 0.2));
        finished.Add(Searched(searches.First(run => run.Setting == first), 0.9));
        PlannedRun missing = searches.Last(run => run.Setting == first);
        PlannedRun[] open = [.. new StudyPlan(_study, Line).Open(finished, new HashSet<PlannedRun> { missing })];
        Assert.NotEqual(first, open.First(run => run is { Method: "sieve", Phase: RunPhase.Final }).Setting);
        finished.Add(Diverged(missing));
        Assert.NotEqual(first, Open(finished).First(run => run is { Method: "sieve", Phase: RunPhase.Final }).Setting);
    }

    [Fact]
    public void A_method_of_which_every_setting_diverged_or_was_given_up_has_no_final_run_and_those_after_it_stay_open()
    {
        var finished = new FinishedRuns(_folder);
        PlannedRun[] open = Open(finished);
        PlannedRun[] searches = [.. open.Where(run => run.Method == "sieve")], others = [.. open.Where(run => run.Method != "sieve")];
        foreach (PlannedRun run in searches[..^1]) finished.Add(Diverged(run));
        Assert.Equal(others, new StudyPlan(_study, Line).Open(finished, new HashSet<PlannedRun> { searches[^1] }));
        finished.Add(Diverged(searches[^1]));
        Assert.Equal(others, Open(finished));
        Assert.DoesNotContain(new StudyPlan(_study, Line).Finals(finished), run => run.Method == "sieve");
    }

    [Fact]
    public void What_is_told_of_a_command_leaves_out_what_others_made_in_its_folder()
    {
        var finished = new FinishedRuns(_folder);
        PlannedRun[] open = Open(finished);
        PlannedRun[] searches = [.. open.Where(run => run.Method == "sieve")];
        (string first, string second) = (searches[0].Setting, searches[1].Setting);
        string foreign = first.Replace("stage=1", "stage=3", StringComparison.Ordinal);
        foreach (PlannedRun run in searches) finished.Add(Searched(run, run.Setting == second ? 0.6 : 0.5));
        finished.Add(Searched(searches[0] with { Seed = 1003 }, 0.5)); // of more seeds
        finished.Add(Searched(searches[0] with { Setting = foreign }, 0.9)); // of another --setting
        PlannedRun[] finals = [.. open.Where(run => run is { Method: "plain", Phase: RunPhase.Final })];
        foreach (PlannedRun run in finals)
        {
            finished.Add(Tested(run, 0.5, conflicting: 0.5));
            finished.Add(Tested(run with { Method = "sieve", Setting = foreign }, 0.9, conflicting: 0.9));
            finished.Add(Tested(run with { Method = "sieve", Setting = second }, 0.6, conflicting: 0.75));
        }

        finished.Add(Tested(finals[0] with { Seed = 3 }, 0.5, conflicting: 0.9)); // of more seeds
        string[] lines = Tables(_study);
        Assert.Contains("| conflicting rows, seed | 1 | 2 |", lines);
        Assert.Equal(
            ["| sieve | 75.0 | +25.0 | – | – |", "| sieve | 75.0 | 75.0 |"],
            lines.Where(line => line.StartsWith("| sieve ", StringComparison.Ordinal)));
        Assert.Contains($"- sieve, the best of 2 settings: `{second}`", lines);
        Assert.Contains("- Chosen by the mean of groups on validation rows, averaged over the seeds 1001, 1002.", lines);

        lines = Tables(QueueFile.Studies(Line + " --method sieve", StudyOptions.Parse(["queue", "any"])).Single());
        Assert.Contains("| sieve | 75.0 |", lines);
        Assert.Contains("- No differences: plain is not among these runs, so there is nothing to compare with.", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("- Left out", StringComparison.Ordinal)); // plain was not asked for

        string[] Tables(MethodStudy study)
        {
            var plan = new StudyPlan(study, Line);
            return StudyTables.Of([.. plan.Searches(finished), .. plan.Finals(finished)]).Split('\n');
        }
    }

    [Fact]
    public void A_study_of_averaged_weights_is_one_of_its_own_and_without_an_average_nothing_is_said_of_it()
    {
        MethodStudy averaged = QueueFile.Studies(Line + " --average 0.999", StudyOptions.Parse(["queue", "any"])).Single();
        Assert.Equal("coloured-98 rows 5000 epochs 40 rate 0.05 by groups float32 constant", _study.Conditions);
        Assert.Equal("coloured-98-average", averaged.Name);
        Assert.Equal("coloured-98-average rows 5000 epochs 40 rate 0.05 by groups float32 constant average 0.999", averaged.Conditions);
    }

    [Fact]
    public void A_study_that_was_defined_anew_has_other_conditions_and_the_first_definition_says_nothing()
    {
        StudyOptions options = StudyOptions.Parse(["run", "any"]), quick = StudyOptions.Parse(["run", "any", "--quick"]);
        Assert.Equal("defined rows 5", new Defined(options, 1).Conditions);
        Assert.Equal("defined rows 5 definition 2", new Defined(options, 2).Conditions);
        Assert.Equal("defined rows 5 definition 2 quick", new Defined(quick, 2).Conditions);
    }

    [Fact]
    public void A_run_is_the_same_whatever_line_asks_for_it()
    {
        PlannedRun run = Open(new FinishedRuns(_folder))[0];
        PlannedRun same = run with { Command = "coloured-methods" };
        Assert.Equal(run, same);
        Assert.Equal(run.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(run, run with { Seed = 7 });
    }

    [Fact]
    public void The_queue_of_the_repository_has_the_studies_in_the_order_of_their_worth()
    {
        IReadOnlyList<string> lines = QueueFile.Read(Path.Combine(Repository.Root, "benchmarks", "Studies", "queue.txt"));
        MethodStudy[] studies = [.. lines.SelectMany(line => QueueFile.Studies(line, StudyOptions.Parse(["queue", "any"])))];
        string[] names =
        [
            "coloured-98", "pets", "coloured-98-distillation", "two-features-complex", "two-features-simple", "coloured-98-average",
            "coloured-95", "dominoes-95", "dominoes-98", "coloured-99", "dominoes-99", "pets-distillation",
            "isic-1", "celeba", "bar-train-validation", "bar-test-validation", "celeba-distillation",
            "isic-2", "isic-3", "isic-4", "isic-5", "multinli", "multinli-distillation", "identity-terms", "imdb-counterfactual",
        ];
        Assert.Equal(names, studies.Select(study => study.Name));
        Assert.All(studies.OfType<AgreementStudy>(), study =>
        {
            Assert.Equal(6280, study.Steps);
            Assert.Equal((24, "[1,2,3]"), Searched(study, "sieve"));
            Assert.Equal((12, "[1,2,3]"), Searched(study, "sieve-joint"));
        });
    }

    private static (int Trials, string Stages) Searched(MethodStudy study, string method)
    {
        SieveSearchOptions search = study.Asked().Single(each => each.Name == method).Settings!.Create();
        Assert.Equal((1, 30), (search.Space.ForgetRateMultiple.From, search.Space.ForgetRateMultiple.To)); // times the main rate
        return (search.Trials, $"[{string.Join(',', search.Space.Stages!)}]");
    }

    private PlannedRun[] Open(FinishedRuns finished) => [.. new StudyPlan(_study, Line).Open(finished, Nothing)];

    private FinishedRun Searched(PlannedRun run, double meanOfGroups) =>
        FinishedRun.Of(run, _study, Figures(StudyMetrics.Unbiased, meanOfGroups), NoFigures);

    private FinishedRun Diverged(PlannedRun run) =>
        FinishedRun.Of(run, _study, NoFigures, NoFigures) with { Diverged = "The loss is not finite." };

    private FinishedRun Tested(PlannedRun run, double meanOfGroups, double conflicting) => FinishedRun.Of(
        run, _study, Figures(StudyMetrics.Unbiased, meanOfGroups), Figures(StudyMetrics.Conflicting, conflicting));

    private static Dictionary<string, double> Figures(string name, double value) => new() { [name] = value };

    private sealed class Defined(StudyOptions options, int definition) : MethodStudy(options)
    {
        public override string Name => "defined";

        public override string Description => "";

        public override int Definition => definition;

        protected override string Fingerprint => "defined rows 5";

        protected override IReadOnlyList<Method> Methods => [];

        protected override StudyData Load(MLContext ml, int seed) => throw new NotSupportedException();
    }

    private static string Short(PlannedRun run) => FormattableString.Invariant($"{run.Phase} {run.Method} {run.Seed}");
}
