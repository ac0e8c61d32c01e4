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
        Assert.Equal("first", File.ReadAllText(Path.Combine(third.Path, "checkpoint-000001", "state.json")));
        Assert.Equal("weights of first", File.ReadAllText(Path.Combine(third.Path, "best-step-10.safetensors")));
        Assert.Equal(10, third.Read()!.Points[^1].Step);
        Assert.False(Directory.Exists(first.Path) || Directory.Exists(second.Path));
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
        File.Delete(Path.Combine(first.Path, "best-step-10.safetensors")); // what its training pruned meanwhile
        AttemptFolder second = Attempt(2);
        Assert.Null(second.Read());
        Assert.Empty(Directory.EnumerateFileSystemEntries(second.Path));
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
        AttemptFolder second = Attempt(2);
        Assert.Null(second.Read());
        Assert.Empty(Directory.EnumerateFileSystemEntries(second.Path));
        Assert.False(Directory.Exists(first.Path));
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

        string empty = AttemptFolder.OfSearch(_folder, "search");
        Attempt(1, empty);
        AttemptFolder.DeleteSearch(empty);
        Assert.False(Directory.Exists(empty));
        AttemptFolder.DeleteSearch(empty); // another process of the search
        Assert.Equal(others, Directory.EnumerateFileSystemEntries(_folder).Order());
    }

    private AttemptFolder Attempt(int number, string? folder = null) => AttemptFolder.Create(
        folder ?? _folder, new RunClaim("search", new SearchRun(7, 3, 1, "{}", 3, 1, 0), number, 0, null), _warnings.Add);

    private static void Write(AttemptFolder attempt, string text, int step)
    {
        string checkpoint = Directory.CreateDirectory(Path.Combine(attempt.Path, "checkpoint-000001")).FullName;
        File.WriteAllText(Path.Combine(checkpoint, "state.json"), text);
        string best = $"best-step-{step}.safetensors";
        File.WriteAllText(Path.Combine(checkpoint, "SHA256SUMS"), $"{new string('0', 64)}  ../{best}\n");
        File.WriteAllText(Path.Combine(attempt.Path, best), "weights of " + text);
        attempt.Write(new RunOutcome { Points = [new RunOutcome.Point(step, 0.5, [], new Dictionary<string, double>())] });
    }
}
