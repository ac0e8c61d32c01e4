using System.Text;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class ReportInBrowserTests(ReportedModels models, SearchedSieve search)
    : IClassFixture<ReportedModels>, IClassFixture<SearchedSieve>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("report-").FullName;

    [Fact]
    public async Task A_browser_shows_the_report_without_errors_network_or_overflow_on_desk_phone_and_paper()
    {
        await using HeadlessChromium browser = await HeadlessChromium.StartAsync();
        string path = Path.Combine(_folder, "report.html");
        models.Create().Save(path);
        await ShowsWellAsync(browser, path);
        Assert.True(await PageInBrowser.CountAsync(browser, "[...document.images]") > 6);
        await PageInBrowser.ShowsWellAsync(browser, path, 390, 844, dark: true);
        Assert.True((await browser.ScreenshotAsync()).Length > 10_000);
    }

    [Fact]
    public async Task A_browser_shows_the_report_of_a_search_of_any_size_as_well()
    {
        (string Name, SearchResult Result)[] results =
        [
            ("real", search.Result),
            ("large", new ArtificialSearch { Trials = 200, Groups = 40 }.Result()),
            ("one trial", new ArtificialSearch { Trials = 1, Seeds = 1, ConfirmationSeeds = 0 }.Result()),
            ("diverged", new ArtificialSearch { Trials = 6, AllDiverge = true, AreGroupsKnown = false }.Result()),
        ];
        await using HeadlessChromium browser = await HeadlessChromium.StartAsync();
        foreach ((string name, SearchResult result) in results)
        {
            string path = Path.Combine(_folder, name + ".html");
            result.CreateReport().Save(path);
            await ShowsWellAsync(browser, path);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task ShowsWellAsync(HeadlessChromium browser, string path)
    {
        await PageInBrowser.ShowsWellAsync(browser, path, 1280, 900, dark: false);
        await PageInBrowser.ShowsWellAsync(browser, path, 390, 844, dark: false);
        byte[] print = await browser.PrintAsync();
        Assert.Equal("%PDF", Encoding.ASCII.GetString(print, 0, 4));
        Assert.True(browser.Faults.Count == 0, string.Join("\n", browser.Faults));
        Assert.Contains(new Uri(path).AbsoluteUri, browser.Requests);
        string own = new Uri(_folder + "/").AbsoluteUri; // pages of this test, and nothing that they might ask for
        Assert.All(browser.Requests, request => Assert.True(
            (request.StartsWith(own, StringComparison.Ordinal) && request.EndsWith(".html", StringComparison.Ordinal))
            || request.StartsWith("data:", StringComparison.Ordinal), request));
    }
}
