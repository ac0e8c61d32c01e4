using Microsoft.ML;

namespace MLSieve.Tests;

public sealed class AdultIncomeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adult-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_sample_debiases_LightGBM_and_saves_a_model_that_needs_no_readout()
    {
        LightGbmNative.SkipWhereMissing();
        string zip = Path.Combine(_folder, "model.zip");
        BuiltProgram run = await BuiltProgram.RunAsync("AdultIncome", RealData.Path("adult"), zip);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("Readout1Balanced", run.Output);
        Assert.Contains("LightGBM with readout weights", run.Output);
        ITransformer model = new MLContext().Model.Load(zip, out DataViewSchema schema);
        Assert.DoesNotContain(schema, column => column.Name.StartsWith("Readout", StringComparison.Ordinal) || column.Name == "Weight");
        var unlabelled = new DataViewSchema.Builder();
        unlabelled.AddColumns(schema.Where(column => column.Name != "Income"));
        Assert.Contains(model.GetOutputSchema(unlabelled.ToSchema()), column => column.Name == "Score");
    }

    [Fact]
    public async Task Without_data_the_sample_says_what_it_needs_and_exits_with_2()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("AdultIncome", _folder);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("adult.data.gz", run.Error);
    }
}
