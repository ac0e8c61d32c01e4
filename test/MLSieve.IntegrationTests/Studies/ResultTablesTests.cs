using Studies;
using Record = Studies.Record;

namespace MLSieve.Tests;

public sealed class ResultTablesTests
{
    [Fact]
    public void Students_are_compared_with_their_teacher_and_quoted_figures_are_never_in_a_measured_column()
    {
        string[] rows = TableOf(
            Run("students", "teacher-dro", 1, "", average: 0.7, worst: 0.25),
            Run("students", "debiased", 1, "lambda=0.9", average: 0.6, worst: 0.3), Run("alone", "plain", 1, "", average: 0.7));
        Assert.Contains("| students | teacher-dro |  | 1 | 25.0 | – | 70.0 | – | – | – | students epochs 6 |", rows);
        Assert.Contains("| students | debiased | lambda=0.9 | 1 | 30.0 | +5.0 | 60.0 | – | – | – | students epochs 6 |", rows);
        Assert.DoesNotContain(rows, row => row.StartsWith("| alone ", StringComparison.Ordinal)); // a study without a teacher
        Assert.Equal(
            [
                ("Waterbirds", "87.5"),
                ("Waterbirds", "89.8"),
                ("CelebA", "89.5"),
                ("CelebA", "89.6"),
                ("MultiNLI", "77.9"),
                ("MultiNLI", "78.9"),
                ("CivilComments", "75.0"),
                ("CivilComments", "78.3"),
            ],
            rows.Where(row => row.Contains("second-hand", StringComparison.Ordinal)).Select(row => row.Split(" | ")).Select(cells =>
            {
                Assert.Equal(["not run", "–", "–", "–", "–"], cells[3..8]);
                return (cells[0].TrimStart('|', ' '), cells[8]);
            }));
    }

    [Fact]
    public void A_diverged_seed_is_counted_and_left_out_of_the_mean()
    {
        string[] rows = TableOf(
            Run("shapes", "plain", 1, "rate=0.1,every=0", average: 0.9, conflicting: 0.4),
            Run("shapes", "plain", 2, "rate=0.1,every=0", average: 0.9, conflicting: 0.4) with
            {
                Diverged = "NaN",
                Metrics = new Dictionary<string, double>(),
            });
        Assert.Contains("| plain | 2 | 95.0 | diverged | diverged |", rows);
        Assert.Contains("| **plain** | all |  | **40.0** | **90.0** |", rows);
    }

    [Fact]
    public void The_search_is_told_with_the_mean_over_its_seeds_and_how_far_forgetting_went()
    {
        string text = ResultTables.Of(
            [Run("shapes", "plain", 1, "rate=0.1,every=0", average: 0.9)],
            [Search("shapes epochs 6", 1001, 0.8), Search("shapes epochs 6", 1002, 0.9), Search("shapes epochs 60", 1001, 0.1)]);
        Assert.Contains("| rate=0.1,every=5 | 2 | 85.0 |  |  | 2.00 → 1.90 |\n\n", text);
        Assert.DoesNotContain("10.0", text);
    }

    private static string[] TableOf(params Record[] records) => ResultTables.Of(records, []).Split('\n');

    private static RunResult Search(string conditions, int seed, double accuracy) => new()
    {
        Key = RunKey.Of(conditions, "rate=0.1,every=5", seed, test: false),
        Validation = new Dictionary<string, double> { [StudyMetrics.Average] = accuracy },
        Log = ["Epoch 6/6 in 1.0 s: main loss 0.1; forgetting loss 2.0000 → 1.9000"],
    };

    private static Record Run(
        string study, string method, int seed, string setting, double average, double? conflicting = null, double? worst = null)
    {
        var metrics = new Dictionary<string, double> { [StudyMetrics.Average] = average };
        if (conflicting is { } value) metrics[StudyMetrics.Conflicting] = value;
        if (worst is { } group) metrics[StudyMetrics.Worst] = group;
        return new Record
        {
            Study = study,
            Method = method,
            Seed = seed,
            Setting = setting,
            SelectedBy = "given",
            Conditions = $"{study} epochs 6",
            Metrics = metrics,
            Validation = new Dictionary<string, double> { [StudyMetrics.Average] = 0.95 },
            Log = [],
            FitSeconds = 1,
        };
    }
}
