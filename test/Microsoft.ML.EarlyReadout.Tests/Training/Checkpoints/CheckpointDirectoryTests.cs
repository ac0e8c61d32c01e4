using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What a folder of checkpoints does where something in it cannot be removed.</summary>
public sealed class CheckpointDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("checkpoint-directory-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_old_checkpoint_that_cannot_be_removed_is_warned_of_once_and_goes_when_it_can()
    {
        using CheckpointDirectory directory = CheckpointDirectory.Open(_folder, kept: 1);
        Add(directory, 1);
        string inTheWay = Path.Combine(_folder, "checkpoint-000001.partial"); // by this name it goes
        File.WriteAllText(inTheWay, "");
        Add(directory, 2);
        Add(directory, 3);
        AssertKeeps(
            "best-training-step-1.safetensors", "best-training-step-3.safetensors", "checkpoint-000001", "checkpoint-000001.partial",
            "checkpoint-000003");
        Assert.Equal(3, CheckpointFiles.Read(directory.Newest!).Step);
        AssertWarns();

        File.Delete(inTheWay);
        Add(directory, 4);
        AssertKeeps("best-training-step-4.safetensors", "checkpoint-000004");
        Assert.Single(_warnings);
    }

    [Fact]
    public void A_folder_in_which_something_is_in_use_is_opened_and_what_else_is_left_over_goes()
    {
        string inUse = Directory.CreateDirectory(Path.Combine(_folder, "checkpoint-000009.partial")).FullName;
        using var disk = new SmallDisk(kibibytes: 64, inUse); // not even root removes it
        string[] drafts = [.. new[] { "checkpoint-000000.partial", "checkpoint-abc.partial" }.Select(name => Path.Combine(_folder, name))];
        foreach (string draft in drafts) Directory.CreateDirectory(draft);
        using CheckpointDirectory directory = CheckpointDirectory.Open(_folder, kept: 1);
        Assert.All(drafts, draft => Assert.False(Directory.Exists(draft), draft));
        Assert.Empty(_warnings);
        Add(directory, 1);
        Add(directory, 2);
        AssertKeeps("best-training-step-2.safetensors", "checkpoint-000002", "checkpoint-000009.partial");
        AssertWarns();
    }

    /// <summary>Where a training stands that has nothing but steps.</summary>
    internal static CheckpointState State(string loop, int step, string best) => new()
    {
        Identity = new Dictionary<string, string>(),
        Loop = loop,
        Step = step,
        Point = step,
        HasBegunEpoch = false,
        HasModel = true,
        Meters = new Dictionary<string, MeterSum>(),
        BestStep = step,
        BestScore = null,
        BestFile = best,
        History = [],
        SelectedStep = 0,
        Computed = new Dictionary<string, long[]>(),
    };

    private void Add(CheckpointDirectory directory, int step) =>
        directory.Add(State("Training", step, directory.WriteBest("Training", step, [])), [], [], _warnings.Add);

    private void AssertKeeps(params string[] names) => Assert.Equal(
        names.Append("in-use.lock"), Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    private void AssertWarns()
    {
        string warning = Assert.Single(_warnings);
        Assert.StartsWith(
            $"CheckpointDirectory '{_folder}' keeps what is no longer needed, because it cannot be removed: ", warning,
            StringComparison.Ordinal);
        Assert.EndsWith(" The training goes on, and tries again after each checkpoint.", warning, StringComparison.Ordinal);
    }
}
