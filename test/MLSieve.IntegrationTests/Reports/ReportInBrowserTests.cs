using System.Text;
using System.Text.Json.Nodes;

namespace MLSieve.Tests;

public sealed class ReportInBrowserTests(ReportedModels models) : IClassFixture<ReportedModels>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("report-").FullName;

    [Fact]
    public async Task A_browser_shows_the_report_without_errors_network_or_overflow_on_desk_phone_and_paper()
    {
        await using HeadlessChromium browser = await HeadlessChromium.StartAsync();
        string path = Path.Combine(_folder, "report.html");
        models.Create().Save(path);
        foreach ((int width, int height, bool dark) in new[] { (1280, 900, false), (390, 844, false), (390, 844, true) })
        {
            await browser.OpenAsync(path, width, height, dark);
            Assert.Equal(0, await Count("[...document.images].filter(image => image.naturalWidth === 0)"));
            Assert.True(await Count("[...document.images]") > 6);
            Assert.Equal(0, await Count("[...document.querySelectorAll('figure')].filter(figure => !figure.querySelector('figcaption')?.innerText.trim())"));
            Assert.Equal(0, await Count("[...document.querySelectorAll('svg[role=img]')].filter(chart => !chart.querySelector('title').textContent || !chart.querySelector('desc').textContent)"));
            Assert.Equal(0, await Count("[...document.scripts]"));
            int page = await Number("document.documentElement.scrollWidth");
            Assert.True(page <= width, $"The page is {page} pixels wide in a window of {width}.");
            int smallest = await Number("Math.floor(Math.min(...[...document.querySelectorAll('svg[role=img] text')].map(text => text.getBoundingClientRect().height)))");
            Assert.True(smallest >= 10, $"Some text of a chart is {smallest} pixels high at {width}.");
            string outside = (string?)await browser.EvaluateAsync("""
                [...document.querySelectorAll('svg[role=img]')].flatMap(chart => { const frame = chart.getBoundingClientRect();
                  return [...chart.querySelectorAll('text')].filter(text => { const box = text.getBoundingClientRect(); return box.left < frame.left - 2 || box.right > frame.right + 2; })
                    .map(text => text.textContent); }).join('; ')
                """) ?? "";
            Assert.True(outside.Length == 0, $"Outside their chart at {width}: {outside}");
            Assert.True((await browser.ScreenshotAsync()).Length > 10_000);
        }

        byte[] print = await browser.PrintAsync();
        Assert.Equal("%PDF", Encoding.ASCII.GetString(print, 0, 4));
        Assert.True(browser.Faults.Count == 0, string.Join("\n", browser.Faults));
        string own = new Uri(path).AbsoluteUri;
        Assert.Contains(own, browser.Requests);
        Assert.All(browser.Requests, request => Assert.True(request == own || request.StartsWith("data:", StringComparison.Ordinal), request));

        async Task<int> Count(string list) => await Number($"({list.Trim().TrimEnd(';')}).length");
        async Task<int> Number(string expression) => (int)((JsonValue)(await browser.EvaluateAsync(expression))!).GetValue<double>();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
