using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The checkpoint folder of a search in memory, during the search and after it.</summary>
public sealed class SearchCheckpointTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("search-checkpoints-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_search_in_memory_that_an_exception_has_ended_goes_on_from_its_checkpoints_and_then_leaves_nothing()
    {
        var thrown = new InvalidOperationException("The dashboard is gone.");
        HashSet<string> used = [];
        int reports = 0;
        var progress = new ProgressReceiver(() =>
        {
            used.UnionWith(Directory.GetDirectories(_folder));
            if (++reports == 3) throw thrown;
        });
        var options = new PlainSearchOptions { CheckpointDirectory = _folder, Progress = progress };
        TrainerSearch<EarlyReadoutEstimator.Options>? search = null;
        Assert.Same(thrown, Assert.Throws<InvalidOperationException>(() => SmallSearch.Run(_ml, options, OneSearch)));
        string kept = Assert.Single(Directory.GetDirectories(_folder));
        Assert.NotEmpty(Directory.GetDirectories(kept, "checkpoint-*", SearchOption.AllDirectories));
        using SearchResult<EarlyReadoutEstimator.Options> result = SmallSearch.Run(_ml, options, OneSearch);
        Assert.Equal(kept, Assert.Single(used));
        Assert.True(reports > 3);
        Assert.Empty(Directory.GetDirectories(_folder));
        using SearchResult<EarlyReadoutEstimator.Options> undisturbed = SmallSearch.Run(_ml, new PlainSearchOptions());
        Assert.Equal(undisturbed.ToJson(), result.ToJson());

        TrainerSearch<EarlyReadoutEstimator.Options> OneSearch(PlainSearchOptions each) => search ??= SmallSearch.Own(_ml, each);
    }

    [Fact]
    public void A_search_on_other_rows_leaves_the_checkpoints_of_one_that_an_exception_has_ended()
    {
        int reports = 0;
        var progress = new ProgressReceiver(() =>
        {
            if (++reports == 3) throw new InvalidOperationException("The dashboard is gone.");
        });
        var options = new PlainSearchOptions { CheckpointDirectory = _folder, Progress = progress };
        TrainerSearch<EarlyReadoutEstimator.Options>? search = null;
        Assert.Throws<InvalidOperationException>(() => SmallSearch.Run(_ml, options, OneSearch));
        string[] kept = Checkpoints();
        Assert.NotEmpty(kept);
        search!.Run(BiasedRow.View(_ml, 140), BiasedRow.View(_ml, 100, seed: 2)).Dispose();
        Assert.Equal(kept, Checkpoints());
        SmallSearch.Run(_ml, options, OneSearch).Dispose();
        Assert.Empty(Directory.GetDirectories(_folder));

        TrainerSearch<EarlyReadoutEstimator.Options> OneSearch(PlainSearchOptions each) => search ??= SmallSearch.Own(_ml, each);

        string[] Checkpoints() =>
            [.. Directory.GetDirectories(_folder, "checkpoint-*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void A_search_in_memory_that_is_cancelled_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        int within = 0;
        SmallSearch.RunUntilCancelled(_ml, new PlainSearchOptions { CheckpointDirectory = _folder, CancellationToken = stop.Token }, () =>
        {
            within = Directory.GetDirectories(_folder).Length;
            stop.Cancel();
        });
        Assert.Equal(1, within);
        Assert.Empty(Directory.GetDirectories(_folder));
    }

    [Fact]
    public void What_a_search_has_not_written_into_its_checkpoint_folder_is_left_there()
    {
        string notes = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "search")).FullName, "notes.txt");
        File.WriteAllText(notes, "mine");
        int within = 0;
        var progress = new ProgressReceiver(() => within = Math.Max(within, Directory.GetFileSystemEntries(_folder).Length));
        SmallSearch.Run(_ml, new PlainSearchOptions { CheckpointDirectory = _folder, Progress = progress }).Dispose();
        Assert.Equal(2, within); // its own were beside it
        Assert.Equal(["search"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName));
        Assert.Equal("mine", File.ReadAllText(notes));
    }

    [Fact]
    public void Checkpoints_by_steps_are_of_the_searchs_folder_and_what_it_chose_is_trained_without_one()
    {
        using SearchResult<EarlyReadoutEstimator.Options> result = SmallSearch.Run(
            _ml, new PlainSearchOptions { Trainer = { CheckpointEverySteps = 2 } });
        Assert.Equal(0, result.OptionsOf(result.Best).CheckpointEverySteps);
        result.Fit(BiasedRow.View(_ml, 150), seed: 5, cancellationToken: TestContext.Current.CancellationToken).Dispose();
        SmallSearch.Own(_ml, new PlainSearchOptions { KnownSettings = [new() { CheckpointEverySteps = 2 }] });
    }

    [Fact]
    public void A_checkpoint_folder_that_cannot_be_made_is_named_with_what_to_set()
    {
        string folder = Path.Combine(typeof(SearchCheckpointTests).Assembly.Location, "checkpoints"); // below a file
        var options = new PlainSearchOptions { CheckpointDirectory = folder };
        string message = Assert.Throws<IOException>(() => SmallSearch.Run(_ml, options)).Message;
        Assert.StartsWith($"The temporary folder '{folder}", message, StringComparison.Ordinal);
        Assert.EndsWith(" Set CheckpointDirectory to a folder that can be written and has room.", message, StringComparison.Ordinal);
    }
}
