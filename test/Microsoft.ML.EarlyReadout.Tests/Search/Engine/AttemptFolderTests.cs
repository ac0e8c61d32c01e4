using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class AttemptFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("attempts-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_attempt_goes_on_from_the_newest_that_has_a_checkpoint_and_clears_the_others_away()
    {
        AttemptFolder first = Attempt(1), second = Attempt(2);
        Write(first, "first", 10);
        AttemptFolder third = Attempt(3);
        CheckpointState state = CheckpointFiles.Read(Path.Combine(third.Path, "checkpoint-000001"));
        Assert.Equal(("first", 10L, "best-first-step-10.safetensors"), (state.Loop, state.Step, state.BestFile));
        Assert.True(File.Exists(Path.Combine(third.Path, state.BestFile!)));
        Assert.Equal(10, third.Read()!.Points[^1].Step);
        Assert.False(Directory.Exists(first.Path) || Directory.Exists(second.Path));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void An_attempt_after_none_begins_anew_and_knows_nothing()
    {
        AttemptFolder first = Attempt(1);
        first.Write(RunOutcome.Empty); // killed before the checkpoint was whole
        Assert.Null(Attempt(2).Read());
    }

    [Fact]
    public void A_checkpoint_that_goes_while_it_is_copied_is_one_that_is_not_there()
    {
        AttemptFolder first = Attempt(1);
        Write(first, "first", 10);
        File.Delete(Path.Combine(first.Path, "best-first-step-10.safetensors")); // what its training pruned meanwhile
        AssertBeginsAnew(first, Attempt(2));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_copied_stays_for_the_claim_after()
    {
        AttemptFolder first = Attempt(1);
        Write(first, "first", 10);
        string weights = Path.Combine(first.Path, "checkpoint-000001", "network.safetensors");
        using (File.Open(weights, FileMode.Open, FileAccess.Read, FileShare.None))
        {
            string message = Assert.Throws<IOException>(() => Attempt(2)).Message;
            Assert.Contains("attempt-2' of a search's checkpoints cannot be written: ", message, StringComparison.Ordinal);
        }

        Assert.Equal(10, CheckpointFiles.Read(Path.Combine(Attempt(3).Path, "checkpoint-000001")).Step);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_checkpoint_after_a_validation_is_none_without_what_was_found_out_there()
    {
        AttemptFolder first = Attempt(1);
        Write(first, "first", 10, new TrainingPoint(10, 1, new Dictionary<string, double>(), 0.5));
        File.Delete(Path.Combine(first.Path, "curve.json"));
        AssertBeginsAnew(first, Attempt(2));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_checkpoint_before_the_first_validation_is_gone_on_from_and_knows_nothing()
    {
        AttemptFolder first = Attempt(1);
        Write(first, "Identification", 10); // by which Just Train Twice finds the rows that it trains more
        File.Delete(Path.Combine(first.Path, "curve.json"));
        AttemptFolder second = Attempt(2);
        CheckpointState state = CheckpointFiles.Read(Path.Combine(second.Path, "checkpoint-000001"));
        Assert.Equal(("Identification", 10L), (state.Loop, state.Step));
        Assert.True(File.Exists(Path.Combine(second.Path, "best-identification-step-10.safetensors")));
        Assert.Null(second.Read());
        Assert.False(Directory.Exists(first.Path));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData(null, "cannot be read")]
    [InlineData(4, "is not as it was written: its SHA-256 differs")]
    public void A_damaged_checkpoint_is_none_and_is_told_by_its_file(int? length, string fault)
    {
        AttemptFolder first = Attempt(1);
        Write(first, "first", 10);
        string weights = Path.Combine(first.Path, "checkpoint-000001", "network.safetensors");
        if (length is null) File.Delete(weights);
        else File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..length.Value]);
        AttemptFolder second = Attempt(2);
        AssertBeginsAnew(first, second);
        string copy = Path.Combine(second.Path, "checkpoint-000001", "network.safetensors");
        Assert.Equal(
            $"The checkpoint in '{first.Path}' is not used, because its copy is damaged: '{copy}' {fault}.", Assert.Single(_warnings));
    }

    [Fact]
    public void Where_the_newest_attempts_checkpoint_is_damaged_the_one_before_serves()
    {
        AttemptFolder first = Attempt(1), second = Attempt(2);
        Write(first, "first", 10);
        Write(second, "second", 20);
        File.Delete(Path.Combine(second.Path, "checkpoint-000001", "SHA256SUMS"));
        AttemptFolder third = Attempt(3);
        Assert.Equal("first", CheckpointFiles.Read(Path.Combine(third.Path, "checkpoint-000001")).Loop);
        Assert.Equal(10, third.Read()!.Points[^1].Step);
        Assert.StartsWith($"The checkpoint in '{second.Path}' is not used, ", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("{\"Points\":[{\"Step\":10,\"Sco")]
    public void A_checkpoint_whose_curve_a_power_cut_has_broken_is_none_and_is_told(string broken)
    {
        AttemptFolder first = Attempt(1);
        Write(first, "first", 10);
        File.WriteAllText(Path.Combine(first.Path, "curve.json"), broken);
        AssertBeginsAnew(first, Attempt(2));
        Assert.StartsWith(
            $"The checkpoint in '{first.Path}' is not used, because its curve.json cannot be read: ", Assert.Single(_warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_a_search_removes_its_runs_and_leaves_what_others_have_put_there()
    {
        Attempt(1);
        string[] others = [Path.Combine(_folder, "notes.txt"), Path.Combine(_folder, "run-of-luck")];
        File.WriteAllText(others[0], "mine");
        Directory.CreateDirectory(others[1]);
        AttemptFolder.DeleteSearch(_folder);
        Assert.Equal(others, Directory.EnumerateFileSystemEntries(_folder).Order());

        string empty = OfSearch("the seed", "1");
        Attempt(1, empty);
        AttemptFolder.DeleteSearch(empty);
        Assert.False(Directory.Exists(empty));
        AttemptFolder.DeleteSearch(empty); // another process of the search
        Assert.Equal(others, Directory.EnumerateFileSystemEntries(_folder).Order());
    }

    [Fact]
    public void Searches_of_one_name_and_other_figures_have_other_folders()
    {
        string one = OfSearch("the seed", "1");
        Assert.Matches("^search-[0-9a-f]{16}$", Path.GetFileName(one));
        Assert.Equal(_folder, Path.GetDirectoryName(one));
        Assert.Equal(one, OfSearch("the seed", "1")); // processes that share a search share it
        Assert.NotEqual(one, OfSearch("the seed", "2"));
    }

    private static void AssertBeginsAnew(AttemptFolder before, AttemptFolder attempt)
    {
        Assert.Null(attempt.Read());
        Assert.Empty(Directory.EnumerateFileSystemEntries(attempt.Path));
        Assert.False(Directory.Exists(before.Path));
    }

    private string OfSearch(string name, string value) =>
        AttemptFolder.OfSearch(_folder, "search", new Dictionary<string, string> { [name] = value });

    private AttemptFolder Attempt(int number, string? folder = null) => AttemptFolder.Create(
        folder ?? _folder, new RunClaim("search", new SearchRun(7, 3, 1, "{}", 3, 1, 0), number, 0, null), _warnings.Add);

    private static void Write(AttemptFolder attempt, string loop, int step, params TrainingPoint[] history)
    {
        using CheckpointDirectory directory = CheckpointDirectory.Open(attempt.Path, kept: 1);
        attempt.Write(new RunOutcome { Points = [new RunOutcome.Point(step, 0.5, [], new Dictionary<string, double>())] });
        CheckpointState state = CheckpointDirectoryTests.State(loop, step, directory.WriteBest(loop, step, [])) with { History = history };
        directory.Add(state, [], [], Assert.Fail);
    }
}
