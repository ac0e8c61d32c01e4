using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// A training in a process of its own is killed again and again, at random moments and while it writes a checkpoint, and has to end as if
/// it had not been.
/// </summary>
public sealed class KilledTrainingTests : IDisposable
{
    private const int Kills = 12;
    private const string FolderVariable = "MLSIEVE_TEST_FOLDER";
    private const string CaseVariable = "MLSIEVE_TEST_CASE";
    private readonly string _folder = Directory.CreateTempSubdirectory("killed-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_training_that_is_killed_again_and_again_ends_bitwise_as_one_that_is_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "There is no SIGKILL here.");
        string[] cases = ["sieve", "Just Train Twice", "distillation"];
        Dictionary<string, byte[]> expected = cases.ToDictionary(name => name, name => TrainingCase.FitToBytes(Child.Options(name, null)));
        var random = new Random(1);
        int kills = 0, whileWriting = 0, finished = 0;
        foreach (string name in cases)
        {
            for (int due = kills + Kills / cases.Length; kills < due; finished++)
            {
                string folder = Directory.CreateDirectory(
                    Path.Combine(_folder, FormattableString.Invariant($"training-{finished}"))).FullName;
                while (true)
                {
                    using ChildProcess child = OwnProcess.Start<Child>(
                        nameof(Child.Trains), (FolderVariable, folder), (CaseVariable, name));
                    bool aimed = kills % 2 == 0;
                    if (kills < due && await Killed(random.Next(250), aimed, child, folder))
                    {
                        kills++;
                        if (IsWritten(folder)) whileWriting++;
                        continue;
                    }

                    (int code, string said, _) = await child.EndAsync(TestContext.Current.CancellationToken);
                    Assert.True(OwnProcess.Passed(code, said), said);
                    break;
                }

                Assert.Equal(
                    expected[name],
                    await File.ReadAllBytesAsync(Path.Combine(folder, "model.onnx"), TestContext.Current.CancellationToken));
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{kills} kills, {whileWriting} of them while a checkpoint was written; {finished} trainings ended equal.");
        Assert.NotEqual(0, whileWriting); // every second is aimed at it, and some come as it ends
    }

    private static bool IsWritten(string folder) => Directory.EnumerateDirectories(folder, "*.partial").Any();

    /// <summary>Waits until the child trains, and a little longer, for one that is aimed until it writes a checkpoint, then kills
    /// it.</summary>
    /// <returns>Whether it had not ended by itself.</returns>
    private static async Task<bool> Killed(int milliseconds, bool aimed, ChildProcess child, string folder)
    {
        string begun = Path.Combine(folder, "begun");
        while (!File.Exists(begun) && !child.HasExited) await Task.Delay(2, TestContext.Current.CancellationToken);
        File.Delete(begun);
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        while (aimed && !IsWritten(folder) && !child.HasExited)
        {
        }

        child.Kill(); // SIGKILL
        (int code, string said, _) = await child.EndAsync(TestContext.Current.CancellationToken);
        const int killed = 128 + 9;
        Assert.True(code == killed || OwnProcess.Passed(code, said), said); // and did not fail before
        return code == killed;
    }

    /// <summary>What the other process runs.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Trains()
        {
            string folder = Environment.GetEnvironmentVariable(FolderVariable)!;
            byte[] model = TrainingCase.FitToBytes(Options(Environment.GetEnvironmentVariable(CaseVariable)!, folder));
            File.WriteAllBytes(Path.Combine(folder, "model.onnx"), model);
        }

        /// <summary>
        /// The options of a case, with a checkpoint after every step; from the first batch on, the file "begun" is there.
        /// </summary>
        internal static TrainerOptions Options(string name, string? folder)
        {
            TrainerOptions options = TrainingCase.Options(name);
            options.Epochs = 10;
            if (name == "sieve") options.ValidateEverySteps = 3; // seven steps are an epoch
            if (folder is null) return options;
            (options.CheckpointDirectory, options.CheckpointEverySteps) = (folder, 1);
            WatchedNetwork.Count(options, number =>
            {
                if (number == 1) File.WriteAllText(Path.Combine(folder, "begun"), "");
            });
            return options;
        }
    }
}
