using Microsoft.ML;
using Microsoft.ML.Data;
using Studies;

namespace MLSieve.Tests;

public sealed class RealStudyDataTests
{
    [Fact]
    public void Training_validation_and_test_rows_of_coloured_have_their_own_agreement()
    {
        StudyOptions options = OptionsOf("coloured");
        StudyData data = ((SieveStudy)StudyList.Create(options).Single()).Load(new MLContext(1), seed: 1, TestContext.Current.CancellationToken);
        Assert.InRange(Agreeing(data.Train, 5_000), 0.97, 0.99);
        Assert.InRange(Agreeing(data.Validation, 5_000), 0.97, 0.99);
        Assert.InRange(Agreeing(data.Test, 10_000), 0.48, 0.52);
    }

    [Fact]
    public void The_digit_of_dominoes_is_independent_in_the_test()
    {
        StudyOptions options = OptionsOf("dominoes");
        IReadOnlyList<Study> studies = StudyList.Create(options);
        Assert.Equal(["dominoes-0.95", "dominoes-0.99"], studies.Select(study => study.Name));
        StudyData data = ((SieveStudy)studies[1]).Load(new MLContext(1), seed: 1, TestContext.Current.CancellationToken);
        Assert.InRange(Agreeing(data.Train, 5_000), 0.985, 0.995);
        Assert.InRange(Agreeing(data.Test, 10_000), 0.09, 0.11);
    }

    [Fact]
    public void Bar_has_its_official_split_and_a_validation_part_of_train()
    {
        StudyOptions options = OptionsOf("bar", "--size", "32");
        StudyData data = ((SieveStudy)StudyList.Create(options).Single()).Load(new MLContext(1), seed: 1, TestContext.Current.CancellationToken);
        Assert.Equal(1_553, data.Train.GetColumn<uint>("Label").Count());
        Assert.Equal(388, data.Validation.GetColumn<uint>("Label").Count());
        Assert.Equal([105, 159, 42, 131, 132, 85], data.Test.GetColumn<uint>("Label").GroupBy(key => key).OrderBy(group => group.Key).Select(group => group.Count()));
    }

    private static StudyOptions OptionsOf(params string[] arguments)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("MLSIEVE_DATA"))) Assert.Skip("MLSIEVE_DATA is not set: no real data here.");
        return StudyOptions.Parse(["run", .. arguments]);
    }

    private static double Agreeing(IDataView view, int expectedRows)
    {
        string[] cues = [.. view.GetColumn<string>("Cue")];
        Assert.Equal(expectedRows, cues.Length);
        return cues.Count(cue => cue == Agreement.Agrees) / (double)cues.Length;
    }
}
