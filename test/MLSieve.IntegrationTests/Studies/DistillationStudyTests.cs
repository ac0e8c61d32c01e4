using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Studies;

namespace MLSieve.Tests;

/// <summary>The studies of teachers and students.</summary>
public sealed class DistillationStudyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distillation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_queue_runs_the_teacher_that_is_told_groups_then_the_student_then_what_it_is_taught_by()
    {
        MethodStudy[] studies = [.. Of("coloured-distillation --agreement 0.98 --agreement 0.95 --seeds 5 --search-seeds 2")];
        Assert.Equal(["coloured-98-distillation", "coloured-95-distillation"], studies.Select(study => study.Name));
        Assert.Equal(StudyMetrics.Conflicting, studies[0].FinalFigure);
        Assert.Equal((6280, 1884), (studies[0].StepsOf("kd"), studies[0].StepsOf("teacher-erm")));
        PlannedRun[] open = [.. new StudyPlan(studies[0], "line").Open(new FinishedRuns(_folder), new HashSet<PlannedRun>())];
        (string Method, int Settings)[] planned =
        [
            .. open.GroupBy(run => run.Method).Select(runs => (runs.Key, runs.Select(run => run.Setting).Distinct().Count())),
        ];
        Assert.Equal(
            [
                ("teacher-dro", 1), ("student", 1), ("jtt", 6), ("kd", 6), ("debiased", 18), ("teacher-erm", 1),
                ("simkd", 3), ("dett", 6), ("kd-erm", 6), ("debiased-erm", 9),
            ],
            planned);
        Assert.Equal([1, 2, 3, 4, 5], open.Where(run => run.Method == "teacher-dro").Select(run => run.Seed));
        Assert.All(
            open.Where(run => run.Phase == RunPhase.Final),
            run => Assert.Contains(run.Method, (string[])["teacher-dro", "student", "teacher-erm"]));
        Assert.Equal(SettingsOf(studies[0], "debiased")[..9], SettingsOf(studies[0], "debiased-erm"));
        Assert.Equal(2, SettingsOf(Of("coloured-distillation --trials 2").Single(), "debiased").Length);
    }

    [Theory]
    [InlineData("pets", "pets-on-scenes", 380, 190)]
    [InlineData("celeba", "celeba-10k", 5014, 2398)]
    public void Of_photographs_the_worst_group_counts(string set, string folder, int steps, int teacherSteps)
    {
        RealData.Path(folder);
        MethodStudy study = Of($"{set}-distillation --seeds 10").Single();
        Assert.Equal(($"{set}-distillation", StudyMetrics.Worst), (study.Name, study.FinalFigure));
        Assert.Equal((steps, teacherSteps), (study.StepsOf("debiased"), study.StepsOf("teacher-dro")));
    }

    [Theory]
    [InlineData("coloured-distillation --setting stage=1", "students have no setting of a sieve")]
    [InlineData("pets-distillation --rows 10", "photographs have splits of their own")]
    [InlineData("pets-distillation --agreement 0.9", "photographs show what they show")]
    public void An_option_that_means_nothing_to_it_is_refused(string line, string reason) =>
        Assert.Contains($" does not take it, since {reason}; it takes ", Assert.Throws<UsageException>(() => Of(line)).Message);

    [Fact]
    public void Every_method_ends_with_a_line_and_debiased_students_weigh_rows()
    {
        RealData.Path("fashion-mnist");
        const string Line = "coloured-distillation --quick --epochs 2 --rows 128";
        string[] methods = ["teacher-dro", "student", "jtt", "kd", "debiased", "teacher-erm", "simkd", "dett", "kd-erm", "debiased-erm"];
        FinishedRun[] runs = [.. RunsOf(Line)];
        Assert.Equal(methods, runs.Select(run => run.Method));
        Assert.All(runs, run =>
        {
            Assert.Null(run.Diverged);
            Assert.Equal(run.Metrics[StudyMetrics.Conflicting], run.Primary);
            Assert.InRange(run.Metrics[StudyMetrics.Average], 0, 1);
            Assert.InRange(run.Metrics[StudyMetrics.Worst], 0, run.Metrics[StudyMetrics.Average]);
            Assert.Equal((8, 2), (run.Steps, run.Curve.Count));
        });
        string[] teachers = Directory.GetFiles(Path.Combine(_folder, "teachers"), "*.idv");
        Assert.Equal(2, teachers.Length);
        // a smoke run's teachers never teach the study itself
        Assert.All(teachers, teacher => Assert.Contains("_quick_", Path.GetFileName(teacher), StringComparison.Ordinal));
        Assert.All(["kd", "debiased", "debiased-erm"], method =>
        {
            string[] readouts = ReadoutsOf(Of(Line).Single(), method);
            Assert.Equal(method == "kd" ? 0 : 1, readouts.Length); // before the second epoch
            Assert.All(readouts, line => Assert.DoesNotContain("weights from 1 to 1,", line, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void A_residual_network_teaches_a_student_with_weights_of_its_own()
    {
        RealData.Path("pets-on-scenes");
        RealData.Path(ImageNetWeights.SqueezeNetFolder);
        FinishedRun run = Assert.Single(RunsOf("pets-distillation --quick --method kd"));
        Assert.Equal(run.Metrics[StudyMetrics.Worst], run.Primary);
        Assert.InRange(run.Metrics["dog, land.accuracy"], 0, 1);
        Assert.Single(Directory.GetFiles(Path.Combine(_folder, "teachers"), "pets-distillation*GroupDro*.idv"));
    }

    /// <summary>A final run of each method at its first setting, as its line is read.</summary>
    private IEnumerable<FinishedRun> RunsOf(string line)
    {
        MethodStudy study = Of(line).Single();
        foreach (Method method in study.Asked())
        {
            var run = new PlannedRun(
                line, study.Name, study.Conditions, RunPhase.Final, method.Name, method.Candidates[0].Setting, Seed: 1);
            string written = JsonSerializer.Serialize(study.Train(run, TestContext.Current.CancellationToken), FinishedRun.Line);
            yield return JsonSerializer.Deserialize<FinishedRun>(written, FinishedRun.Line)!;
        }
    }

    /// <summary>What a training logs of the readouts by which it weighs rows.</summary>
    private static string[] ReadoutsOf(MethodStudy study, string method)
    {
        var ml = new MLContext(seed: 1);
        List<string> lines = [];
        ml.Log += (_, line) =>
        {
            if (line.RawMessage.StartsWith("The readout at stage ", StringComparison.Ordinal)) lines.Add(line.RawMessage);
        };
        var training = new Training(ml, study.FinalRows(ml, 1), 1, TestContext.Current.CancellationToken);
        using var model = (EarlyReadoutTransformer)study.Asked().Single(each => each.Name == method).Candidates[0].Fit(training);
        return [.. lines];
    }

    private IReadOnlyList<MethodStudy> Of(string line) => QueueFile.Studies(line, StudyOptions.Parse(["queue", "any", "--out", _folder]));

    private static string[] SettingsOf(MethodStudy study, string method) =>
        [.. study.Asked().Single(each => each.Name == method).Candidates.Select(candidate => candidate.Setting)];
}
