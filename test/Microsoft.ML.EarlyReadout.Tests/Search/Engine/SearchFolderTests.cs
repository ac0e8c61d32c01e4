using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class SearchFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("search-folder-").FullName;
    private readonly SearchFolder _folder = new();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Calls_at_work_at_once_have_one_folder_which_goes_with_the_last()
    {
        string first = Enter();
        Assert.Equal(first, Enter());
        Leave(isOver: true);
        Assert.Equal([first], Directory.GetDirectories(_root));
        Leave(isOver: true);
        Assert.Empty(Directory.GetDirectories(_root));
    }

    [Fact]
    public void A_call_that_ends_before_the_search_leaves_the_folder_to_the_next()
    {
        string first = Enter();
        Leave(isOver: false);
        Assert.Equal([first], Directory.GetDirectories(_root));
        Assert.Equal(first, Enter());
        Leave(isOver: true);
        Assert.Empty(Directory.GetDirectories(_root));
        Assert.NotEqual(first, Enter());
        Leave(isOver: true);
    }

    [Fact]
    public void A_search_that_ends_leaves_the_folder_to_another_that_goes_on_and_a_cancellation_to_none()
    {
        string first = Enter();
        Leave(isOver: false);
        Assert.Equal(first, Enter());
        Leave(isOver: true, search: "on other rows");
        Assert.Equal([first], Directory.GetDirectories(_root));
        Assert.Equal(first, Enter());
        Leave(isOver: false, search: "on other rows", isCancelled: true);
        Assert.Empty(Directory.GetDirectories(_root));
    }

    private string Enter() => _folder.Enter(() => new TemporaryFolder(_root));

    private void Leave(bool isOver, string search = "search", bool isCancelled = false) => _folder.Leave(search, isOver, isCancelled);
}
