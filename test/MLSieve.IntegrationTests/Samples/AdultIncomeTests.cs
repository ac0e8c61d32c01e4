using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML;

namespace MLSieve.Tests;

public sealed class AdultIncomeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adult-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_sample_compares_LightGBM_with_and_without_readout_weights_and_saves_a_model_that_needs_no_readout()
    {
        LightGbmNative.SkipWhereMissing();
        string zip = Path.Combine(_folder, "model.zip");
        BuiltProgram run = await BuiltProgram.RunAsync("AdultIncome", RealData.Path("adult"), zip);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("Readout1Balanced", run.Output);
        Assert.Contains("LightGBM with readout weights", run.Output);
        // Whether the weights help is a result, and no promise: docs/results-short.md has none.
        Match compared = Regex.Match(
            run.Output, @"Worst group (\S+) % \S+ (\S+) % \(95 % intervals (?:apart|overlap)\), average (\S+) % \S+ (\S+) %\.");
        Assert.True(compared.Success, run.Output);
        double[] figures = [.. compared.Groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture))];
        Assert.All(figures[2..], average => Assert.InRange(average, 80, 95)); // 76 % have the lower income
        Assert.All(figures[..2].Zip(figures[2..]), each => Assert.InRange(each.First, 1, each.Second)); // no worst group is above it
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

        WriteCensus("adult.data.gz");
        run = await BuiltProgram.RunAsync("AdultIncome", _folder);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("adult.test.gz", run.Error);
    }

    [Fact]
    public async Task A_broken_line_is_a_message_with_its_file_and_number_and_exits_with_1()
    {
        WriteCensus("adult.data.gz");
        WriteCensus("adult.test.gz", "39, Private");
        BuiltProgram run = await BuiltProgram.RunAsync("AdultIncome", _folder);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"{Path.Combine(_folder, "adult.test.gz")}, line 1: 2 fields; expected 15.", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task A_text_where_a_number_belongs_is_a_message_with_its_file_and_line_and_exits_with_1()
    {
        WriteCensus("adult.data.gz", Person(0), "x" + Person(1)[2..]);
        WriteCensus("adult.test.gz");
        BuiltProgram run = await BuiltProgram.RunAsync("AdultIncome", _folder);
        Assert.True(run.ExitCode == 1, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.Contains($"{Path.Combine(_folder, "adult.data.gz")}, line 2: 'x' is not a number.", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task Checkpoints_of_another_training_are_a_message_and_exit_with_1()
    {
        LightGbmNative.SkipWhereMissing();
        WriteCensus("adult.data.gz");
        WriteCensus("adult.test.gz");
        string[] arguments = [_folder, Path.Combine(_folder, "model.zip")];
        BuiltProgram run = await BuiltProgram.RunAsync("AdultIncome", arguments);
        Assert.True(run.ExitCode == 0, $"{run.ExitCode} {run.Error}{run.Output}");
        WriteCensus("adult.data.gz", [.. Enumerable.Range(0, 190).Select(Person)]);
        run = await BuiltProgram.RunAsync("AdultIncome", arguments);
        Assert.True(run.ExitCode == 1, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.StartsWith($"'{Path.Combine(_folder, "model.checkpoints", "checkpoint-")}", run.Error, StringComparison.Ordinal);
        Assert.Contains(" belongs to another training: ", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task Ctrl_C_before_the_first_step_is_a_message_and_exits_with_130()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends SIGINT, and makes a pipe.");
        WriteCensus("adult.test.gz");
        string data = Path.Combine(_folder, "adult.data.gz"); // a pipe: the sample waits for the rows, and begins no step without them
        byte[] census = await File.ReadAllBytesAsync(Path.Combine(_folder, "adult.test.gz"), TestContext.Current.CancellationToken);
        using (Process make = Process.Start("mkfifo", [data])) await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        var isReading = new TaskCompletionSource();
        Task writing = Task.Run(async () =>
        {
            await using var pipe = new FileStream(data, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            isReading.SetResult();
            await Task.Delay(2_000, TestContext.Current.CancellationToken); // for the signal to arrive
            await pipe.WriteAsync(census, TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        BuiltProgram run = await BuiltProgram.RunAsync(
            "AdultIncome", [_folder, Path.Combine(_folder, "model.zip")], interruptWhen: () => isReading.Task.IsCompleted);
        Assert.True(run.ExitCode == 130, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.Contains("Cancelled before the network had learnt anything. The same command begins again.", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
        await writing;
    }

    /// <summary>Writes people of both incomes, or the given lines, as UCI Adult has them.</summary>
    private void WriteCensus(string file, params string[] lines)
    {
        if (lines.Length == 0)
            lines = [.. Enumerable.Range(0, 200).Select(Person)];
        using var packed = new GZipStream(File.Create(Path.Combine(_folder, file)), CompressionMode.Compress);
        packed.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private static string Person(int i) =>
        FormattableString.Invariant($"{20 + i % 40}, Private, 1, HS-grad, {5 + i % 9}, Divorced, Sales, ")
        + $"Unmarried, White, {(i % 3 == 0 ? "Female" : "Male")}, 0, 0, 40, Cuba, {(i % 2 == 0 ? "<=50K" : ">50K")}";
}
