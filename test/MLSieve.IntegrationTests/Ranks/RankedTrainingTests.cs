using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>One training by several processes on loopback, by every method of the library.</summary>
public sealed class RankedTrainingTests : IDisposable
{
    // Sums over ranks round otherwise than sums over a batch, and training carries that on.
    private const double Near = 1e-5;

    private readonly string _folder = Directory.CreateTempSubdirectory("ranks-").FullName;

    public static TheoryData<string> Cases => [.. TrainingCase.Names];

    public RankedTrainingTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Two_ranks_end_bitwise_equal_and_near_one_process(string name)
    {
        float[] expected = Scores(TrainingCase.Options(name));
        byte[][] models = await Train(2, name);
        Assert.Equal(models[0], models[1]);
        float[] scores = MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(ScoresOf(0), TestContext.Current.CancellationToken))
            .ToArray();
        double away = expected.Zip(scores, (one, ranks) => Math.Abs(one - ranks)).Max();
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {away:G3}");
        Assert.True(away < Near, $"{name}: scores are up to {away:G3} from those of one process.");
    }

    [Theory]
    [InlineData("sieve")]
    [InlineData("readouts together")]
    public async Task Three_ranks_end_bitwise_equal(string name)
    {
        byte[][] models = await Train(3, name);
        Assert.Equal(models[0], models[1]);
        Assert.Equal(models[0], models[2]);
    }

    private static float[] Scores(TrainerOptions options)
    {
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        return TrainingCase.Scores(model);
    }

    private string ScoresOf(int rank) => Path.Combine(_folder, $"{rank}.scores");

    private async Task<byte[][]> Train(int count, string name)
    {
        using var ranks = RankProcesses.Start<Child>(nameof(Child.Trains), count, (Child.Folder, _folder), (Child.Case, name));
        await ranks.RequirePassed();
        return [.. Enumerable.Range(0, count).Select(rank => File.ReadAllBytes(Path.Combine(_folder, $"{rank}.onnx")))];
    }

    /// <summary>What the ranks run.</summary>
    public sealed class Child
    {
        internal const string Folder = "MLSIEVE_TEST_FOLDER", Case = "MLSIEVE_TEST_CASE";

        [Fact(Explicit = true)]
        public void Trains()
        {
            string folder = Environment.GetEnvironmentVariable(Folder)!, rank = Environment.GetEnvironmentVariable("RANK")!;
            using EarlyReadoutTransformer model = TrainingCase.Fit(TrainingCase.Options(Environment.GetEnvironmentVariable(Case)!));
            File.WriteAllBytes(Path.Combine(folder, $"{rank}.onnx"), TrainingCase.BytesOf(model));
            File.WriteAllBytes(
                Path.Combine(folder, $"{rank}.scores"), MemoryMarshal.AsBytes(TrainingCase.Scores(model).AsSpan()).ToArray());
        }
    }
}
