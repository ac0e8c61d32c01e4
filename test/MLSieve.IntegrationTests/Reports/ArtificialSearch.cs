using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>Results of searches that nobody has the time to run, to see that their page holds: figures are drawn, not trained.</summary>
internal sealed record ArtificialSearch
{
    private static readonly int[] Rungs = [100, 300, 900];
    private static readonly MeterChart _forgetting = new("forgetting loss", "It must fall.") { Bound = new("log C", Math.Log(2)) };

    public int Trials { get; init; } = 40;

    public int Seeds { get; init; } = 2;

    public int ConfirmationSeeds { get; init; } = 5;

    public int Groups { get; init; } = 4;

    public bool AreGroupsKnown { get; init; } = true;

    public bool AllDiverge { get; init; }

    public IReadOnlyList<string> Multiples { get; init; } = ["ForgetLearningRate", "ReadoutLearningRate"];

    public SearchResult Result()
    {
        var random = new Random(7);
        return Result([.. Enumerable.Range(0, Trials + 1).Select(number => Trial(number, random))]);
    }

    public SearchResult Result(SearchTrial[] trials)
    {
        var random = new Random(8);
        SearchTrial? other = trials.Where(trial => trial is { State: TrialState.Finished, IsPlain: false }).MaxBy(trial => trial.Score);
        if (other is not null && ConfirmationSeeds > 0)
        {
            foreach (SearchTrial trial in new[] { trials[0], other })
            {
                IEnumerable<TrialRun> fresh = Enumerable.Range(7_000_000, ConfirmationSeeds)
                    .Select(seed => Run(seed, trial.Score - 0.01, 900, random));
                trials[trial.Number] = trial with { Confirmation = [.. fresh] };
            }

            other = trials[other.Number];
        }

        var findings = new SearchFindings
        {
            Trainer = "FeatureSieveTrainer",
            Classes = 2,
            Meters =
            [
                new("main", MeterUnit.Nats), new("readout", MeterUnit.Nats), new("readout accuracy", MeterUnit.Share),
                new("forget", MeterUnit.Nats) { Label = "before the step", Chart = _forgetting },
                new("forgotten", MeterUnit.Nats) { Label = "after it", Chart = _forgetting },
            ],
            PlainName = "plain training",
            Selection = SelectionMetric.UnbiasedAccuracy,
            RungSteps = Rungs,
            Multiples = Multiples,
            Trials = trials,
            BestPlain = 0,
            BestOther = other?.Number,
            Gain = other is null ? null : SearchGain.Of(
                [.. Compared(trials[0]).Zip(Compared(other), (plain, sieve) => new SeedDifference(plain.Seed, plain.Score, sieve.Score))],
                ConfirmationSeeds > 0),
            Groups =
            [
                .. Enumerable.Range(0, Groups)
                    .Select(group => new SearchGroup(Name(group), 1000 / (group + 1), 250, AreGroupsKnown && group % 4 == 3, null, null)),
            ],
            AreGroupsKnown = AreGroupsKnown,
            Warnings = ["Plain training has not levelled: its figure still rose by 2.1 points in the last third of the steps."],
        };
        IDataView none = new MLContext().Data.LoadFromEnumerable<Empty>([]);
        return new SearchResult<FeatureSieveTrainer.Options>(
            findings, new SearchRows(none, none), _ => throw new NotSupportedException(), (_, _) => throw new NotSupportedException());
    }

    private static IReadOnlyList<TrialRun> Compared(SearchTrial trial) => trial.Confirmation.Count > 0 ? trial.Confirmation : trial.Runs;

    private static string Name(int group) =>
        FormattableString.Invariant($"a class with quite a long name, number {group}, place {group % 3}");

    private SearchTrial Trial(int number, Random random)
    {
        int stage = 1 + random.Next(4);
        double rate = Math.Pow(10, (random.NextDouble() * 2) - 0.5);
        double height = number == 0 ? 0.78
            : 0.72 + (stage == 1 ? 0.12 : 0.04) - (0.05 * Math.Pow(Math.Log10(rate) - 0.4, 2)) + (random.NextDouble() * 0.04);
        int rungs = number == 0 ? 3 : number % 9 == 1 ? 3 : number % 3 == 1 ? 2 : 1;
        bool diverges = number > 0 && (AllDiverge || number % 23 == 5);
        TrialRun[] runs = [.. Enumerable.Range(0, Seeds).Select(seed => Run(1_234_567_000 + seed, height, Rungs[rungs - 1], random))];
        if (diverges)
        {
            runs[0] = runs[0] with
            {
                Score = 0,
                RungScores = [.. runs[0].RungScores.Select(_ => 0.0)],
                Curve = [],
                Groups = [],
                Fault = "The training diverged at step 12: main loss NaN.",
            };
        }

        return new SearchTrial
        {
            Number = number,
            IsPlain = number == 0,
            Settings = number == 0 ? new Dictionary<string, string> { ["ForgetEvery"] = "0" } : new OrderedDictionary<string, string>
            {
                ["Readout.Stage"] = FormattableString.Invariant($"{stage}"),
                ["Readout.Depth"] = FormattableString.Invariant($"{random.Next(3)}"),
                ["ForgetEvery"] = FormattableString.Invariant($"{new[] { 1, 2, 5, 15 }[random.Next(4)]}"),
                ["ForgetLearningRate"] = FormattableString.Invariant($"{rate * 0.05:G3}"),
                ["ReadoutLearningRate"] = FormattableString.Invariant($"{0.05 * Math.Pow(10, (random.NextDouble() * 2) - 1):G3}"),
            },
            LearningRate = 0.05,
            State = diverges ? TrialState.Diverged : rungs == 3 ? TrialState.Finished : TrialState.Stopped,
            Steps = Rungs[rungs - 1],
            Score = runs.Average(run => run.Score),
            RungScores = [.. Enumerable.Range(0, rungs).Select(rung => runs.Average(run => run.RungScores[rung]))],
            Runs = runs,
            Confirmation = [],
        };
    }

    private TrialRun Run(long seed, double height, int steps, Random random)
    {
        CurvePoint[] curve = [.. Enumerable.Range(1, steps / 25).Select(i =>
        {
            double rise = 1 - Math.Exp(-i / 5.0);
            double score = 0.5 + ((height - 0.5) * rise) + ((random.NextDouble() - 0.5) * 0.02);
            return new CurvePoint(25 * i, score, new Dictionary<string, double>
            {
                ["main"] = 0.7 - (0.5 * rise),
                ["readout"] = 0.6 - (0.2 * rise),
                ["readout accuracy"] = 0.5 + (0.3 * rise),
                ["forget"] = 2.5 - (1.5 * rise),
                ["forgotten"] = 1.9 - (1.1 * rise),
            });
        })];
        return new TrialRun
        {
            Seed = seed,
            Score = curve.Max(point => point.Score),
            RungScores = [.. Rungs.Where(rung => rung <= steps).Select(Best)],
            Curve = curve,
            Groups = [.. Enumerable.Range(0, Groups).Select(group => new ValidationGroup(Name(group), 250, Correct(group)))],
            Fault = null,
        };

        double Best(int rung) => curve.Where(point => point.Step <= rung).Max(point => point.Score);
        long Correct(int group) => (long)(250 * Math.Clamp(height + (0.2 * random.NextDouble()) - (group % 4 == 3 ? 0.3 : 0.1), 0, 1));
    }

    private sealed class Empty
    {
        public float Features { get; set; }
    }
}
