using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// What is decided, by reports alone: rungs at 1, 3 and 9 steps, plain training and six others, two seeds, two fresh ones.
/// </summary>
public sealed class StandingsTests
{
    private static readonly SearchPlan Plan = new()
    {
        PlainName = "plain training",
        Trials = [.. Enumerable.Range(0, 7).Select(number => new PlannedTrial(number, number == 0, new Dictionary<string, string>(), 0.1))],
        Rungs = new RungPlan([1, 3, 9], 1),
        Factor = 3,
        Seeds = [11, 12],
        ConfirmationSeeds = [21, 22],
    };

    [Fact]
    public void Nothing_is_decided_before_all_runs_of_the_rung_are_there()
    {
        List<StoredRun> runs = [.. Enumerable.Range(2, 12).Select(number => Reported(number, 0.5))];
        Assert.Single(new Standings(Plan, runs).Decisions);
        runs[3] = Open(runs[3].Run.Number);
        Standings before = new(Plan, runs);
        Assert.Empty(before.Decisions);
        Assert.All(Plan.Trials, trial => Assert.Equal(trial.IsPlain ? 3 : 1, before.GrantedTo(trial.Number)));
    }

    [Fact]
    public void The_best_third_by_the_mean_of_the_seeds_goes_on_and_the_lower_number_wins_a_tie()
    {
        double[] means = [0.5, 0.7, 0.6, 0.7, 0.7, 0.1]; // of trials 1 to 6
        IEnumerable<StoredRun> runs = means.Index().SelectMany(each => new[]
        {
            Reported(2 * (each.Index + 1), each.Item - 0.05),
            Reported((2 * (each.Index + 1)) + 1, each.Item + 0.05),
        });
        RungDecision decision = Assert.Single(new Standings(Plan, [.. runs]).Decisions);
        Assert.Equal([2, 4], decision.Promoted);
        Assert.Equal([1, 3, 5, 6], decision.Stopped);
    }

    [Fact]
    public void What_a_run_found_beyond_its_rung_counts_only_once_it_may_be_there()
    {
        // Trial 6 has the lowest figure at the first rung, and was trained on meanwhile to the highest.
        List<StoredRun> runs =
        [
            .. Enumerable.Range(2, 10).Select(number => Reported(number, 0.5 + (number / 1000.0))),
            Reported(12, 0.1, 0.9, 0.99), Reported(13, 0.1, 0.9, 0.99),
        ];
        RungDecision decision = Assert.Single(new Standings(Plan, runs).Decisions);
        Assert.Equal([4, 5], decision.Promoted);
        Assert.Equal(0.1, new Standings(Plan, runs).FigureOf(6));
    }

    [Fact]
    public void A_run_that_diverged_or_failed_counts_nothing_from_there_on()
    {
        StoredRun diverged = Reported(2, 0.9) with { State = RunState.Finished };
        diverged = diverged with { Outcome = (RunOutcome.Parse(diverged.Outcome) with { Divergence = "too fast" }).ToJson() };
        RunStanding standing = RunStanding.Of(diverged);
        Assert.Equal((0.9, 0.0, 0.0), (standing.FigureAt(1), standing.FigureAt(3), standing.FigureAt(9)));
        Assert.Equal((false, true), (standing.IsLostBefore(1), standing.IsLostBefore(3)));
        Assert.Equal(0, RunStanding.Of(Open(3) with { State = RunState.Failed, Message = "no memory" }).FigureAt(1));
        Assert.Null(RunStanding.Of(Open(3)).FigureAt(1));
    }

    [Fact]
    public void It_is_over_once_the_best_and_plain_training_have_their_fresh_seeds()
    {
        List<StoredRun> runs =
        [
            Reported(0, 0.5, 0.5, 0.6), Reported(1, 0.5, 0.5, 0.6),
            .. Enumerable.Range(2, 8).Select(number => Reported(number, 0.3)),
            Reported(10, 0.6, 0.7, 0.8), Reported(11, 0.6, 0.7, 0.8), Reported(12, 0.5, 0.6), Reported(13, 0.5, 0.6),
        ];
        var chosen = new Standings(Plan, runs);
        Assert.Equal((0, 5, true, false), (chosen.BestPlain!.Number, chosen.BestOther!.Number, chosen.AreCompared, chosen.IsOver));
        Assert.Equal([0, 5], chosen.Confirmed.Select(trial => trial.Number));

        SearchRun[] fresh = [.. chosen.Confirmed.SelectMany(trial => Plan.ConfirmationOf(trial))];
        Assert.Equal([21L, 22, 21, 22], fresh.Select(run => run.Seed));
        Assert.All(fresh, run => Assert.True(Plan.IsConfirmation(run)));
        Assert.False(new Standings(Plan, [.. runs, .. fresh.SkipLast(1).Select(run => Reported(run, 0.5, 0.5, 0.5))]).IsOver);
        Assert.True(new Standings(Plan, [.. runs, .. fresh.Select(run => Reported(run, 0.5, 0.5, 0.5))]).IsOver);
    }

    [Fact]
    public void Numbers_of_runs_never_meet()
    {
        int[] numbers =
        [
            .. Plan.FirstRuns().Concat(Plan.Trials.Skip(1).SelectMany(trial => Plan.ConfirmationOf(trial))).Select(run => run.Number),
        ];
        Assert.Equal(numbers.Length, numbers.Distinct().Count());
        Assert.Equal([0, 1, 14, 15], Plan.FirstRuns().Where(run => run.Trial == 0).Select(run => run.Number));
        Assert.All(Plan.FirstRuns(), run => Assert.Equal(run.Trial == 0 ? 3 : 1, run.Granted)); // plain training is never stopped
    }

    private static StoredRun Open(int number) => Stored(Plan.FirstRuns().Single(run => run.Number == number), RunOutcome.Empty);

    private static StoredRun Reported(int number, params double[] figures) =>
        Reported(Plan.FirstRuns().Single(run => run.Number == number), figures);

    private static StoredRun Reported(SearchRun run, params double[] figures) => Stored(run, new RunOutcome
    {
        Points =
        [
            .. figures.Select((figure, i) => new RunOutcome.Point(Plan.Rungs.Steps[i], figure, [], new Dictionary<string, double>())),
        ],
    });

    private static StoredRun Stored(SearchRun run, RunOutcome outcome) =>
        new(run, RunState.Open, 1, 0, null, outcome.Points.Count, run.Granted, null, outcome.ToJson(), null);
}
