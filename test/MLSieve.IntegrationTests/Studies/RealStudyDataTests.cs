using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureSieve;
using Studies;

namespace MLSieve.Tests;

public sealed class RealStudyDataTests
{
    [Fact]
    public void Training_validation_and_test_rows_of_coloured_have_their_own_agreement()
    {
        StudyData data = new ColouredRows(OptionsOf("coloured-methods"), 0.98).Load(new MLContext(1), seed: 1);
        Assert.InRange(Agreeing(data.Train, 5_000), 0.97, 0.99);
        Assert.InRange(Agreeing(data.Validation, 5_000), 0.48, 0.52);
        Assert.InRange(Agreeing(data.Test, 10_000), 0.48, 0.52);
    }

    [Fact]
    public void The_digit_of_dominoes_is_independent_in_the_test()
    {
        StudyOptions options = OptionsOf("dominoes-methods");
        Assert.Equal(["dominoes-95", "dominoes-99"], StudyList.Create(options).Select(study => study.Name));
        StudyData data = new DominoesRows(options, 0.99).Load(new MLContext(1), seed: 1);
        Assert.InRange(Agreeing(data.Train, 5_000), 0.985, 0.995);
        Assert.InRange(Agreeing(data.Validation, 5_000), 0.48, 0.52);
        Assert.InRange(Agreeing(data.Test, 10_000), 0.09, 0.11);
    }

    [Theory]
    [InlineData("sieve", true, "--trials 1")]
    [InlineData("sieve-joint", false, "--setting stage=2,depth=0,every=1")] // alone, and so without a search
    public async Task Pets_are_learned_from_ImageNet_weights_and_each_group_has_its_figure(string method, bool alternating, string settings)
    {
        RealData.Path("pets-on-scenes");
        string folder = Directory.CreateTempSubdirectory("pets-").FullName;
        try
        {
            BuiltProgram run = await BuiltProgram.RunAsync(
                "Studies", ["run", "pets", "--quick", "--size", "32", "--method", method, "--out", folder, .. settings.Split(' ')]);
            Assert.True(run.ExitCode == 0, run.Error + run.Output);
            FinishedRun final = Assert.Single(FinishedRuns.All(folder), each => each.Phase == RunPhase.Final);
            Assert.Contains("forgetting loss", final.LastEpoch!, StringComparison.Ordinal);
            Assert.Equal(alternating, final.LastEpoch!.Contains(" → ", StringComparison.Ordinal)); // before and after its own step
            Assert.All(["cat, land.accuracy", "cat, sea.accuracy", "dog, land.accuracy", "dog, sea.accuracy", StudyMetrics.Worst], figure =>
                Assert.InRange(final.Metrics[figure], 0, 1));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Of_pets_the_worst_group_counts_and_a_few_settings_are_tried_at_190_steps()
    {
        StudyOptions options = OptionsOf(
            "pets", "--trials", "24", "--setting", "stage=3,depth=1,every=5,forget=0.01,readout=0.01,width=64");
        MethodStudy study = StudyList.Create(options).Single();
        Method sieve = study.Asked().Single(method => method.Name == "sieve");
        SieveSearchOptions search = sieve.Settings!.Create();
        Assert.Equal(24, search.Trials);
        Assert.Equal([2, 3, 4], search.Space.Stages!);
        string known = Setting.Of(Assert.Single(search.KnownSettings)).ToString();
        Assert.Equal("rate=0.001,every=5,stage=3,depth=1,width=64,forget=0.01,readout=0.01", known);
        var run = new PlannedRun("pets", study.Name, study.Conditions, RunPhase.Final, "sieve", known, Seed: 1);
        Dictionary<string, double> figures = new() { [StudyMetrics.Worst] = 0.25, [StudyMetrics.Unbiased] = 0.5 };
        FinishedRun finished = FinishedRun.Of(run, study, validation: figures, test: figures);
        Assert.Equal(190, finished.Steps);
        Assert.Equal(0.25, finished.Primary);
    }

    [Fact]
    public void Of_adult_the_worst_group_counts_and_every_method_has_3060_steps()
    {
        RealData.Path("adult");
        MethodStudy study = StudyList.Create(OptionsOf("adult-methods")).Single();
        Assert.Equal(3_060, study.Steps);
        Assert.Equal(StudyMetrics.Worst, study.FinalFigure);
        string[] methods = ["plain", "sieve", "jtt", "afr", "group-dro", "sieve-joint", "readout-afr", "dfr"];
        Assert.Equal(methods, study.Asked().Select(method => method.Name));
        Assert.Equal(24, study.Asked().Single(method => method.Name == "sieve").Settings!.Create().Trials);
    }

    [Fact]
    public async Task Adult_is_sieved_and_each_group_has_its_figure()
    {
        RealData.Path("adult");
        string folder = Directory.CreateTempSubdirectory("adult-").FullName;
        try
        {
            BuiltProgram run = await BuiltProgram.RunAsync(
                "Studies", "run", "adult-methods", "--quick", "--method", "sieve", "--out", folder);
            Assert.True(run.ExitCode == 0, run.Error + run.Output);
            FinishedRun final = Assert.Single(FinishedRuns.All(folder), each => each.Phase == RunPhase.Final);
            Assert.Contains("forgetting loss", final.LastEpoch!, StringComparison.Ordinal);
            Assert.All(["<=50K, Female.accuracy", "<=50K, Male.accuracy", ">50K, Female.accuracy", ">50K, Male.accuracy"], figure =>
                Assert.InRange(final.Metrics[figure], 0, 1));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static StudyOptions OptionsOf(params string[] arguments)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("MLSIEVE_DATA")))
            Assert.Skip("MLSIEVE_DATA is not set: no real data here.");
        return StudyOptions.Parse(["run", .. arguments]);
    }

    private static double Agreeing(IDataView view, int expectedRows)
    {
        string[] cues = [.. view.GetColumn<string>("Cue")];
        Assert.Equal(expectedRows, cues.Length);
        return cues.Count(cue => cue == Agreement.Agrees) / (double)cues.Length;
    }
}
