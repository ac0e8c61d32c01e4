using Studies;

namespace MLSieve.Tests;

/// <summary>What the tables say of finished runs.</summary>
public sealed class StudyTablesTests
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
            lines, line => line.StartsWith("| same | 50.3 | +0.3 | -25.8 to +26.4 | not shown |", StringComparison.Ordinal));
        Assert.Contains("| conflicting rows, seed | 1 | 2 | 3 |", lines);
        Assert.Contains("| up | 61.0 | 70.0 | 49.0 |", lines);
    }

    [Fact]
    public void A_method_without_figures_for_a_seed_is_left_out_and_named()
    {
        FinishedRun[] diverged = [.. Finals("diverged", 0.9, 0.9)];
        diverged[1] = Diverged(diverged[1]);
        string[] lines = LinesOf(
        [
            .. Finals("plain", 0.5, 0.6), .. Finals("short", 0.9), .. diverged,
            Final("searched", 1001, 0.9) with { Phase = RunPhase.Search },
        ]);
        Assert.DoesNotContain(lines, line => line.StartsWith("| short", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("| diverged", StringComparison.Ordinal));
        Assert.Contains("- Left out: short, with 1 of 2 final runs.", lines);
        Assert.Contains("- Left out: diverged, with 1 of 2 final runs; 1 diverged.", lines);
        Assert.Contains("- Left out: searched, with 0 of 2 final runs.", lines);
    }

    [Fact]
    public void A_method_of_ours_that_diverged_has_that_as_its_verdict_in_the_summary()
    {
        FinishedRun[] sieve = [.. Finals("sieve", 0.9, 0.9, 0.9)];
        (sieve[1], sieve[2]) = (Diverged(sieve[1]), Diverged(sieve[2]));
        FinishedRun[] jtt = [.. Finals("jtt", 0.9, 0.9, 0.9)];
        jtt[0] = Diverged(jtt[0]);
        StudyComparison study = Assert.Single(StudyComparison.All([.. Finals("plain", 0.5, 0.6, 0.7), .. sieve, .. jtt]));
        Assert.True(study.HasVerdicts);
        Assert.Equal(
            ["| [study](#study) | conflicting rows | plain | 60.0 | sieve | – | – | diverged on 2 seeds | 0 |"], SummaryOf(study));
    }

    [Fact]
    public void A_baseline_that_diverged_is_told_as_such()
    {
        FinishedRun[] plain = [.. Finals("plain", 0.5, 0.6)];
        plain[0] = Diverged(plain[0]);
        FinishedRun[] runs = [.. plain, .. Finals("sieve", 0.9, 0.9)];
        StudyComparison study = Assert.Single(StudyComparison.All(runs));
        Assert.True(study.HasVerdicts);
        Assert.Equal(
            ["| [study](#study) | conflicting rows | plain | – | sieve | 90.0 | – | plain diverged on 1 seed | 0 |"], SummaryOf(study));
        Assert.Contains("- No differences: plain diverged on 1 seed of 2, so there is nothing to compare with.", LinesOf(runs));
    }

    [Fact]
    public void Without_all_of_plain_training_there_are_figures_and_no_differences()
    {
        FinishedRun[] runs = [.. Finals("plain", 0.5), .. Finals("sieve", 0.9, 0.8)];
        string[] lines = LinesOf(runs);
        Assert.Equal(
            [
                "| method | conflicting rows | average | mean of groups |", "| --- | --- | --- | --- |", "| sieve | 85.0 | 70.0 | 80.0 |",
                "| conflicting rows, seed | 1 | 2 |", "| --- | --- | --- |", "| sieve | 90.0 | 80.0 |",
            ],
            lines.Where(line => line.StartsWith('|')));
        Assert.Contains("- No differences: plain lacks final runs, so there is nothing to compare with.", lines);
        Assert.False(Assert.Single(StudyComparison.All(runs)).HasVerdicts); // so the page of results only names it
    }

    [Fact]
    public void Without_a_method_that_has_figures_for_each_seed_there_is_no_table()
    {
        string[] lines = LinesOf([Final("sieve", 1001, 0.9) with { Phase = RunPhase.Search }]);
        Assert.DoesNotContain(lines, line => line.StartsWith('|'));
        Assert.Contains("- No differences: plain is not among these runs, so there is nothing to compare with.", lines);
    }

    [Fact]
    public void Where_there_are_teachers_the_student_without_one_is_what_the_others_are_compared_with()
    {
        FinishedRun[] runs = [.. Finals("teacher-dro", 0.9, 0.9), .. Finals("kd", 0.7, 0.81), .. Finals("student", 0.5, 0.6)];
        string[] lines = LinesOf(runs);
        Assert.Contains(lines, line => line.StartsWith("| method | conflicting rows | difference to student |", StringComparison.Ordinal));
        Assert.Equal(
            [
                "| student | 55.0 |  |  |  | 70.0 | 80.0 |",
                "| kd (taught by one that gets groups) | 75.5 | +20.5 | +14.1 to +26.9 | better | 70.0 | 80.0 |",
            ],
            lines[4..6]);
        Assert.StartsWith("| teacher-dro (gets groups) | 90.0", lines[6]);
        Assert.Contains("- No differences: student lacks final runs, so there is nothing to compare with.", LinesOf(runs[..^1]));
    }

    [Fact]
    public void A_debiased_student_is_compared_with_the_plain_student_of_its_teacher_too()
    {
        FinishedRun[] runs =
        [
            .. Finals("student", 0.5, 0.6, 0.4), .. Finals("kd", 0.61, 0.7, 0.49), .. Finals("debiased", 0.63, 0.72, 0.52),
            .. Finals("kd-erm", 0.6, 0.6, 0.61), .. Finals("debiased-erm", 0.5, 0.5, 0.5),
        ];
        string[] lines = LinesOf(runs);
        int first = Array.IndexOf(
            lines,
            "| conflicting rows, debiased student | plain student of the same teacher | difference | 95 % interval | verdict |");
        Assert.Equal(
            [
                "| debiased | kd | +2.3 | +0.9 to +3.8 | better |",
                "| debiased-erm | kd-erm | -10.3 | -11.8 to -8.9 | worse |",
            ],
            lines[(first + 2)..(first + 4)]);
        // Over the student that nobody taught, the gain is that of a teacher too: differences 0.13, 0.12, 0.12.
        Assert.Equal(
            [
                "| [study](#study) | conflicting rows | student | 50.0 | debiased (taught by one that gets groups) | 62.3 "
                    + "| +12.3 (+10.9 to +13.8) | better | 0 |",
                "| [study](#study) | conflicting rows | kd (taught by one that gets groups) | 60.0 "
                    + "| debiased (taught by one that gets groups) | 62.3 | +2.3 (+0.9 to +3.8) | better | 0 |",
                "| [study](#study) | conflicting rows | student | 50.0 | debiased-erm | 50.0 | 0.0 (-24.8 to +24.8) | not shown | 0 |",
                "| [study](#study) | conflicting rows | kd-erm | 60.3 | debiased-erm | 50.0 | -10.3 (-11.8 to -8.9) | worse | 0 |",
            ],
            SummaryOf(Assert.Single(StudyComparison.All(runs))));
        Assert.DoesNotContain("debiased student", StudyTables.Of(Finals("plain", 0.5, 0.6).Concat(Finals("sieve", 0.5, 0.6))));
    }

    [Fact]
    public void What_a_method_is_told_stands_beside_its_name_and_is_of_its_teacher_in_a_study_of_students_alone()
    {
        string[] methods =
            ["student", "debiased", "debiased-erm", "jtt", "kd", "simkd", "dett", "kd-erm", "teacher-erm", "teacher-dro"];
        string[] lines = LinesOf([.. methods.SelectMany(method => Finals(method, 0.5, 0.6))]);
        Assert.Equal(
            [
                "student", "debiased (taught by one that gets groups)", "debiased-erm", "jtt", "kd (taught by one that gets groups)",
                "simkd (taught by one that gets groups)", "dett (taught by one that gets groups)", "kd-erm", "teacher-erm",
                "teacher-dro (gets groups)",
            ],
            lines[4..14].Select(line => line.Split('|')[1].Trim()));
        methods = ["plain", "debiased", "kd", "group-dro", "dfr", "balanced", "augmented"]; // a teacher of another kind
        lines = LinesOf([.. methods.SelectMany(method => Finals(method, 0.5, 0.6))]);
        Assert.Equal(
            [
                "plain", "debiased", "kd", "group-dro (gets groups)", "dfr (gets groups)", "balanced (gets other rows)",
                "augmented (gets other rows)",
            ],
            lines[4..11].Select(line => line.Split('|')[1].Trim()));
    }

    [Fact]
    public void One_seed_has_a_difference_and_no_verdict() =>
        Assert.Contains("| sieve | 60.0 | +10.0 | – | – | 70.0 | 80.0 |", LinesOf([.. Finals("plain", 0.5), .. Finals("sieve", 0.6)]));

    [Fact]
    public void Of_many_verdicts_those_remain_that_chance_explains_in_one_case_of_twenty_at_most()
    {
        // Five differences with a standard error of 0.1/√10; t of 4 degrees of freedom is 9, 3.8, 3 and 1: p is 0.0008, 0.019, 0.040, 0.37.
        FinishedRun[] three = [.. Finals("plain", 0, 0, 0, 0, 0), .. At("sieve", 9), .. At("jtt", -3.8), .. At("afr", 3)];
        Assert.Equal(
            "Corrected for all 3 comparisons of these studies (Holm), these verdicts remain. study: sieve (better), jtt (worse), afr\n"
                + "(better).",
            HolmCorrection.Of(StudyComparison.All(three)));
        FinishedRun[] four = [.. three, .. At("readout-afr", 1)]; // 0.019 is above 0.05 / 3 now
        Assert.Equal(
            "Corrected for all 4 comparisons of these studies (Holm), these verdicts remain. study: sieve (better).",
            HolmCorrection.Of(StudyComparison.All(four)));
        Assert.Equal(
            "Corrected for all 2 comparisons of these studies (Holm), no verdict remains.",
            HolmCorrection.Of(StudyComparison.All([.. Finals("plain", 0, 0, 0, 0, 0), .. At("afr", 1), .. At("jtt", 3)])));

        static IEnumerable<FinishedRun> At(string method, double t)
        {
            double mean = t * 0.1 / Math.Sqrt(10);
            return Finals(method, mean - 0.1, mean, mean, mean, mean + 0.1);
        }
    }

    [Fact]
    public void Eleven_seeds_have_an_interval_as_ten_do()
    {
        double[] plain = [.. Enumerable.Repeat(0.5, 11)];
        double[] sieve = [.. Enumerable.Range(-5, 11).Select(step => 0.6 + (0.01 * step))];
        // The deviation is 0.01·√11, the standard error 0.01, t for 10 degrees of freedom 2.2281.
        Assert.Contains(
            "| sieve | 60.0 | +10.0 | +7.8 to +12.2 | better | 70.0 | 80.0 |",
            LinesOf([.. Finals("plain", plain), .. Finals("sieve", sieve)]));
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
        Assert.Contains("- 4 of its runs: a machine, Float32, commit abcdef0, until 2026-01-02.", lines);
        Assert.Contains("- Conditions: study epochs 6, 1,000 steps.", lines);
    }

    [Fact]
    public void A_note_that_is_wider_than_the_page_goes_on_in_the_next_line()
    {
        string conditions = string.Join(' ', Enumerable.Repeat("conditions", 15));
        string[] lines = LinesOf([.. Finals("plain", 0.5).Select(run => run with { Conditions = conditions })]);
        int first = Array.FindIndex(lines, line => line.StartsWith("- Conditions: ", StringComparison.Ordinal));
        Assert.Equal($"- Conditions: {string.Join(' ', Enumerable.Repeat("conditions", 9))}", lines[first]);
        Assert.Equal($"  {string.Join(' ', Enumerable.Repeat("conditions", 6))}, 1,000 steps.", lines[first + 1]);
    }

    [Fact]
    public void Search_runs_that_failed_are_not_told_as_diverged()
    {
        FinishedRun failed = Final("sieve", 1001, 0.9) with { Phase = RunPhase.Search, Primary = null, Failed = "Out of memory." };
        string[] lines = LinesOf([.. Finals("plain", 0.5), failed, failed with { Seed = 1002 }]);
        Assert.Contains("- Search runs of sieve that failed, so that their settings were not chosen: 2.", lines);
        Assert.DoesNotContain(lines, line => line.Contains("diverged", StringComparison.Ordinal));
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
        Assert.DoesNotContain("Quoted", StudyTables.Of(Finals("plain", 0.5)), StringComparison.Ordinal);
    }

    private static string[] LinesOf(IReadOnlyList<FinishedRun> runs) => StudyTables.Of(runs).Split('\n');

    /// <summary>The rows of the summary, without its head.</summary>
    private static string[] SummaryOf(StudyComparison study) =>
        SummaryTable.Of([study]).Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];

    private static FinishedRun Diverged(FinishedRun run) =>
        run with { Primary = null, Diverged = "The loss is not finite.", Metrics = new Dictionary<string, double>() };

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
