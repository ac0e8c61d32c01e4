using Studies;

namespace MLSieve.Tests;

/// <summary>What the tables say of a queue's runs.</summary>
public sealed class QueueTablesTests
{
    [Fact]
    public void A_verdict_goes_by_Students_interval_of_the_differences_seed_by_seed()
    {
        string[] lines = LinesOf(
        [
            .. Finals("plain", 0.5, 0.6, 0.4), .. Finals("up", 0.61, 0.7, 0.49),
            .. Finals("down", 0.4, 0.5, 0.31), .. Finals("same", 0.61, 0.5, 0.4),
        ]);
        Assert.Contains("| plain | 50.0 |  |  |  | 70.0 | 80.0 |", lines);
        // Differences 0.11, 0.10, 0.09: mean 0.1, standard error 0.01/√3, t for 2 degrees of freedom 4.3027.
        Assert.Contains("| up | 60.0 | +10.0 | +7.5 to +12.5 | better | 70.0 | 80.0 |", lines);
        Assert.Contains(lines, line => line.StartsWith("| down | 40.3 | -9.7 | -11.1 to -8.2 | worse |", StringComparison.Ordinal));
        Assert.Contains(
            lines, line => line.StartsWith("| same | 50.3 | +0.3 | -25.8 to +26.4 | no difference |", StringComparison.Ordinal));
        Assert.Contains("| conflicting rows, seed | 1 | 2 | 3 |", lines);
        Assert.Contains("| up | 61.0 | 70.0 | 49.0 |", lines);
    }

    [Fact]
    public void A_method_without_figures_for_a_seed_is_left_out_and_named()
    {
        FinishedRun[] diverged = [.. Finals("diverged", 0.9, 0.9)];
        diverged[1] = diverged[1] with { Primary = null, Diverged = "The loss is not finite.", Metrics = new Dictionary<string, double>() };
        string[] lines = LinesOf(
        [
            .. Finals("plain", 0.5, 0.6), .. Finals("short", 0.9), .. diverged,
            Final("searched", 1001, 0.9) with { Phase = RunPhase.Search },
        ]);
        Assert.DoesNotContain(lines, line => line.StartsWith("| short", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("| diverged", StringComparison.Ordinal));
        Assert.Contains("- Left out: short, with 1 of 2 final runs.", lines);
        Assert.Contains("- Left out: diverged, with 1 of 2 final runs.", lines);
        Assert.Contains("- Left out: searched, with 0 of 2 final runs.", lines);
    }

    [Fact]
    public void Without_all_of_plain_training_there_is_no_table()
    {
        string[] lines = LinesOf([.. Finals("plain", 0.5), .. Finals("sieve", 0.9, 0.9)]);
        Assert.DoesNotContain(lines, line => line.StartsWith('|'));
        Assert.Contains("- No table: plain lacks final runs, so there is nothing to compare with.", lines);
    }

    [Fact]
    public void Where_there_are_teachers_the_student_without_one_is_what_the_others_are_compared_with()
    {
        FinishedRun[] runs = [.. Finals("teacher-dro", 0.9, 0.9), .. Finals("kd", 0.7, 0.8), .. Finals("student", 0.5, 0.6)];
        string[] lines = LinesOf(runs);
        Assert.Contains(lines, line => line.StartsWith("| method | conflicting rows | difference to student |", StringComparison.Ordinal));
        Assert.Equal(
            ["| student | 55.0 |  |  |  | 70.0 | 80.0 |", "| kd | 75.0 | +20.0 | +20.0 to +20.0 | better | 70.0 | 80.0 |"], lines[4..6]);
        Assert.StartsWith("| teacher-dro | 90.0", lines[6]); // it is told groups
        Assert.Contains("- No table: student lacks final runs, so there is nothing to compare with.", LinesOf(runs[..^1]));
    }

    [Fact]
    public void One_seed_or_more_than_ten_have_a_difference_and_no_verdict()
    {
        Assert.Contains("| sieve | 60.0 | +10.0 | – | – | 70.0 | 80.0 |", LinesOf([.. Finals("plain", 0.5), .. Finals("sieve", 0.6)]));
        double[] many = [.. Enumerable.Repeat(0.5, 11)];
        Assert.Contains("| sieve | 50.0 | 0.0 | – | – | 70.0 | 80.0 |", LinesOf([.. Finals("plain", many), .. Finals("sieve", many)]));
    }

    [Fact]
    public void The_setting_and_how_many_were_tried_are_told_and_diverged_searches_counted()
    {
        FinishedRun search = Final("sieve", 1001, 0.9) with { Phase = RunPhase.Search };
        string[] lines = LinesOf(
        [
            .. Finals("plain", 0.5), search with { Settings = "every=1" },
            search with { Settings = "every=5", Primary = null, Diverged = "The loss is not finite." },
            Final("sieve", 1, 0.6) with { Settings = "every=1" },
        ]);
        Assert.Contains("- sieve, the best of 2 settings: `every=1`", lines);
        Assert.Contains("- Chosen by the mean of groups on validation rows, averaged over the seeds 1001.", lines);
        Assert.Contains("- Search runs of sieve that diverged, so that their settings were not chosen: 1.", lines);
        Assert.Contains("- 4 runs: a machine, Float32, commit abcdef0, 2026-01-02.", lines);
        Assert.Contains("- Conditions: study epochs 6, 1,000 steps.", lines);
    }

    [Fact]
    public void On_skin_lesions_the_area_under_the_curve_counts_and_the_published_one_is_quoted_beside_it()
    {
        FinishedRun[] runs = [.. Finals("plain", 0.5).Concat(Finals("sieve-1", 0.6)).Select(run => run with
        {
            Study = "isic-2",
            Settings = run.Method == "plain" ? "" : "stage=2",
            Metrics = new Dictionary<string, double>(run.Metrics)
            {
                [StudyMetrics.Conflicting] = 0.3,
                [StudyMetrics.Auc] = run.Primary!.Value,
            },
        })];
        string[] lines = LinesOf(runs);
        Assert.StartsWith("| method | area under the curve | difference to plain |", lines[2], StringComparison.Ordinal);
        Assert.Contains("- sieve-1, the only setting tried: `stage=2`", lines);
        Assert.Contains(lines, line =>
            line.StartsWith("- Quoted, on another network or budget: ResNet-18, 44.7 ± 1.5 (second-hand,", StringComparison.Ordinal));
        Assert.DoesNotContain("Quoted", QueueTables.Of(Finals("plain", 0.5)), StringComparison.Ordinal);
    }

    private static string[] LinesOf(IReadOnlyList<FinishedRun> runs) => QueueTables.Of(runs).Split('\n');

    private static IEnumerable<FinishedRun> Finals(string method, params double[] conflicting) =>
        conflicting.Select((figure, index) => Final(method, index + 1, figure));

    private static FinishedRun Final(string method, int seed, double conflicting) => new()
    {
        Study = "study",
        Phase = RunPhase.Final,
        Method = method,
        Seed = seed,
        Settings = "",
        Steps = 1000,
        Primary = conflicting,
        Metrics = new Dictionary<string, double>
        {
            [StudyMetrics.Conflicting] = conflicting,
            [StudyMetrics.Average] = 0.7,
            [StudyMetrics.Unbiased] = 0.8,
            [StudyMetrics.Worst] = 0.1,
        },
        Curve = [],
        Conditions = "study epochs 6",
        Seconds = 1,
        Processor = "a machine",
        Precision = "Float32",
        Commit = "abcdef0123",
        Time = new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc),
    };
}
