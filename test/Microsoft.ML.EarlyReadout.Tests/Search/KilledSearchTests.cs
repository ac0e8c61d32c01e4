using Microsoft.ML;

namespace MLSieve.Tests;

public sealed class KilledSearchTests
{
    private const string Stands = "stands"; // a file that a search makes where it stands still
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public async Task What_a_killed_search_has_left_goes_with_the_next_search()
    {
        string folder = _ml.TempFilePath = Directory.CreateTempSubdirectory("killed-search-").FullName;
        try
        {
            string variable = OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";
            using (ChildProcess killed = OwnProcess.Start<KilledSearchTests>(nameof(Searches_until_it_is_killed), (variable, folder)))
            {
                while (!File.Exists(Path.Combine(folder, Stands)))
                {
                    Assert.False(killed.HasExited, "The search was over before it could be killed.");
                    await Task.Delay(20, TestContext.Current.CancellationToken);
                }

                killed.Kill();
                await killed.ExitAsync(TestContext.Current.CancellationToken);
            }

            Assert.NotEmpty(Directory.GetDirectories(Assert.Single(Left()), "checkpoint-*", SearchOption.AllDirectories));
            SmallSearch.Run(_ml, new PlainSearchOptions()).Dispose();
            Assert.Empty(Left());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string[] Left() => Directory.GetDirectories(folder, "earlyreadout-*"); // .NET has files of its own there
    }

    [Fact(Explicit = true)]
    public void Searches_until_it_is_killed()
    {
        int reports = 0;
        var progress = new ProgressReceiver(() =>
        {
            if (++reports < 2) return;
            File.WriteAllText(Path.Combine(Path.GetTempPath(), Stands), "");
            Thread.Sleep(Timeout.Infinite);
        });
        SmallSearch.Run(_ml, new PlainSearchOptions { Progress = progress }, workers: 1).Dispose();
    }
}
