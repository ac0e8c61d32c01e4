using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What a result says of reports that are made by hand: plain training and three others, at 2 and 6 steps.</summary>
public sealed class SearchResultTests
{
    private static readonly SearchPlan Plan = new()
    {
        PlainName = "plain training",
        Trials =
        [
            new(0, true, Settings(("ForgetEvery", "0")), 0.05),
            new(1, false, Settings(("Readout.Stage", "1"), ("ForgetEvery", "5"), ("ForgetLearningRate", "0.5")), 0.05),
            new(2, false, Settings(("Readout.Stage", "2"), ("ForgetEvery", "1"), ("ForgetLearningRate", "0.0123")), 0.05),
            new(3, false, Settings(("Readout.Stage", "2"), ("ForgetEvery", "15"), ("ForgetLearningRate", "1E+20")), 0.05),
        ],
        Rungs = new RungPlan([2, 6], 2),
        Factor = 3,
        Seeds = [11, 12],
        ConfirmationSeeds = [21, 22],
    };

    private static readonly RowGroup[] Groups = [new("bird, land", 90, 10, false), new("bird, water", 10, 30, true)];

    [Fact]
    public void Its_text_is_the_approved_one()
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = Of(gain: 0.1);
        Assert.Equal(
            """
            Search of Trainer by UnbiasedAccuracy: 4 trials, 2 seeds each, compared after 2, 6 steps.
            Trial 1 is better than plain training: UnbiasedAccuracy +10.0 points, 95 % interval +3.6 to +16.4, 2 fresh seeds.

            Trial   Score  Steps  Stage  ForgetEvery  ForgetLearningRate
            1      0.8000      6      1            5                 0.5  chosen
            0      0.7000      6      –            0                   –  plain
            2      0.5000      2      2            1              0.0123
            3      0.3000      2      2           15               1E+20  1 of 2 diverged

            40 validation rows, 30 of them where the shortcut misleads.
            Group        Training  Validation   Plain   Other
            bird, land         90          10  0.9000  0.9000
            bird, water        10          30  0.5000  0.7000  conflicting

            Warning: Look at this.

            Warning: Plain training has not levelled: its figure still rose by 10.0 points in the last third of the steps. Give more steps; until then the search tells who learns faster, not who learns better.

            """,
            result.ToString(),
            ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData(0.1, true, "Trial 1 is better than plain training: ")]
    [InlineData(0, false, "No difference is shown between trial 1, the best other, and plain training, which is the choice: ")]
    [InlineData(-0.1, false, "Trial 1, the best other, is worse than plain training, which is the choice: ")]
    public void Plain_training_is_the_choice_unless_a_gain_is_shown(double gain, bool isShown, string verdict)
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = Of(gain);
        Assert.Same(isShown ? result.BestOther : result.BestPlain, result.Best);
        Assert.Equal(1, result.BestOther!.Number); // it says what the best other setting was in any case
        Assert.StartsWith(verdict, result.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_fresh_seeds_it_says_that_the_gain_is_too_high()
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = Of(gain: 0.1, Plan with { ConfirmationSeeds = [] });
        Assert.False(result.Gain!.UsesFreshSeeds);
        Assert.Equal([11L, 12], result.Gain.Seeds.Select(seed => seed.Seed));
        Assert.EndsWith(
            " The same seeds chose the trial, so the gain is too high: set ConfirmationSeeds.", result.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_every_seed_gives_the_same_difference_no_gain_is_shown()
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = Of(gain: 0.1, Plan with { ConfirmationSeeds = [] });
        Assert.Equal([0.1, 0.1], result.Gain!.Seeds.Select(seed => Math.Round(seed.Difference, 12)));
        Assert.Same(result.BestPlain, result.Best);
        Assert.StartsWith(
            "No difference is shown between trial 1, the best other, and plain training, which is the choice: UnbiasedAccuracy +10.0 "
                + "points, without an interval, 2 seeds. All seeds give the same difference, which does not tell how far other seeds would "
                + "lie from it: nothing is shown; confirm on more seeds (ConfirmationSeeds) or more rows.",
            result.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_stopped_trial_was_trained_further_at_a_workers_own_risk_is_not_told()
    {
        using SearchResult<EarlyReadoutEstimator.Options> without = Of(gain: 0.1), with = Of(gain: 0.1, further: true);
        Assert.Equal(without.ToJson(), with.ToJson());
        Assert.Equal((TrialState.Stopped, 2L), (with.Trials[2].State, with.Trials[2].Steps));
    }

    [Fact]
    public void Its_json_has_settings_as_they_are_and_every_curve()
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = Of(gain: 0.1);
        using JsonDocument json = JsonDocument.Parse(result.ToJson());
        JsonElement trial = json.RootElement.GetProperty("trials")[1];
        Assert.Equal((1, 0, 1), (Whole("best"), Whole("bestPlain"), Whole("bestOther")));
        Assert.Equal(0.5, trial.GetProperty("settings").GetProperty("ForgetLearningRate").GetDouble());
        JsonElement[] curve = [.. trial.GetProperty("runs")[0].GetProperty("curve").EnumerateArray()];
        Assert.Equal([2L, 4, 6], curve.Select(point => point.GetProperty("step").GetInt64()));
        Assert.Equal(0.7, curve[0].GetProperty("losses").GetProperty("forget").GetDouble());
        Assert.Equal("UnbiasedAccuracy", json.RootElement.GetProperty("selection").GetString());

        int Whole(string name) => json.RootElement.GetProperty(name).GetInt32();
    }

    [Fact]
    public void A_gain_over_plain_training_that_diverged_is_one_over_nothing()
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = Of(gain: 0.1, plainDiverges: true);
        Assert.Contains(
            "Plain training diverged or failed in 4 of its 4 runs. They count 0, so a gain over it says nothing. Give the trainer a rate "
                + "that it bears. The first said: Too fast.", result.Warnings);
    }

    [Fact]
    public void Validation_groups_of_one_name_are_one()
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = Of(gain: 0.1, areNamedAlike: true);
        Assert.Equal([new ValidationGroup("bird, land", 40, 9 + 15)], result.BestPlain.Runs[0].Groups);
        Assert.Equal(24 / 40.0, result.Groups[0].PlainAccuracy!.Value, 1e-12);
    }

    private static SearchResult<EarlyReadoutEstimator.Options> Of(
        double gain, SearchPlan? plan = null, bool further = false, bool plainDiverges = false, bool areNamedAlike = false)
    {
        plan ??= Plan;
        SearchRun[] runs = [.. plan.FirstRuns(), .. plan.ConfirmationOf(plan.Trials[1])];
        List<StoredRun> reported = [.. runs.Select(run => run.Trial switch
        {
            0 => plainDiverges ? Diverged(run) : Reported(run, 0.4, 0.6, 0.7),
            1 when plan.IsConfirmation(run) => Reported(run, 0.5, 0.5, 0.7 + gain + (run.Seed == 21 ? 0.005 : -0.005)),
            1 => Reported(run, 0.6, 0.7, 0.8),
            2 => further ? Reported(run, 0.5, 0.9, 0.95) : Reported(run, 0.5),
            _ => run.Seed == 11 ? Diverged(run) : Reported(run, 0.6),
        })];
        if (areNamedAlike)
            reported = [.. reported.Select(run => run with { Outcome = run.Outcome!.Replace("water", "land", StringComparison.Ordinal) })];
        var options = new EarlyReadoutEstimator.Options { Selection = SelectionMetric.UnbiasedAccuracy, GroupColumnName = "Place" };
        var findings = SearchConclusion.Of(
            "Trainer", 2, options.Selection, plan, new Standings(plan, reported), Groups, areGroupsKnown: true, ["Look at this."]);
        var ml = new MLContext(seed: 1);
        return new SearchResult<EarlyReadoutEstimator.Options>(
            findings, new SearchRows(BiasedRow.View(ml, 10), BiasedRow.View(ml, 10)), _ => options,
            (_, _) => throw new InvalidOperationException());
    }

    private static StoredRun Diverged(SearchRun run) =>
        Reported(run) with { State = RunState.Finished, Outcome = (RunOutcome.Empty with { Divergence = "Too fast." }).ToJson() };

    private static StoredRun Reported(SearchRun run, params double[] figures)
    {
        return new(run, RunState.Open, 1, 0, null, 0, run.Granted, null, new RunOutcome
        {
            Points = [.. figures.Select((figure, i) => Point(i, figure))],
            Groups = [new("bird, land", 10), new("bird, water", 30)],
        }.ToJson(), null);

        RunOutcome.Point Point(int rung, double figure) =>
            new(2 * (rung + 1), figure, [9, run.Trial == 0 ? 15 : 21], new Dictionary<string, double> { ["forget"] = 0.7 });
    }

    private static Dictionary<string, string> Settings(params (string Name, string Value)[] settings) =>
        settings.ToDictionary(each => each.Name, each => each.Value);
}
