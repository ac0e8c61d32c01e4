using System.Text.Json.Nodes;

namespace MLSieve.Tests;

/// <summary>What holds of every page of the report in a browser, however wide.</summary>
internal static class PageInBrowser
{
    private const string Charts = "[...document.querySelectorAll('svg[role=img]')]";

    /// <summary>Opens a page. Nothing overflows, is missing, too small to read, outside its chart or on other text.</summary>
    public static async Task ShowsWellAsync(HeadlessChromium browser, string path, int width, int height, bool dark)
    {
        await browser.OpenAsync(path, width, height, dark);
        Assert.Equal(0, await CountAsync(browser, "[...document.images].filter(image => image.naturalWidth === 0)"));
        Assert.Equal(0, await CountAsync(
            browser, "[...document.querySelectorAll('figure')].filter(figure => !figure.querySelector('figcaption')?.innerText.trim())"));
        Assert.Equal(0, await CountAsync(
            browser, Charts + ".filter(chart => !chart.querySelector('title').textContent || !chart.querySelector('desc').textContent)"));
        Assert.Equal(0, await CountAsync(browser, "[...document.scripts]"));
        int page = await NumberAsync(browser, "document.documentElement.scrollWidth");
        Assert.True(page <= width, $"The page is {page} pixels wide in a window of {width}.");
        int smallest = await NumberAsync(browser, $$"""
            Math.floor(Math.min(...{{Charts}}.flatMap(chart => [...chart.querySelectorAll('text')])
              .map(text => text.getBoundingClientRect().height)))
            """);
        Assert.True(smallest >= 10, $"Some text of a chart is {smallest} pixels high at {width}.");
        string outside = await TextAsync(browser, $$"""
            {{Charts}}.flatMap(chart => {
              const frame = chart.getBoundingClientRect();
              const isOutside = box => box.left < frame.left - 2 || box.right > frame.right + 2;
              return [...chart.querySelectorAll('text')].filter(text => isOutside(text.getBoundingClientRect()))
                .map(text => text.textContent);
            }).join('; ')
            """);
        Assert.True(outside.Length == 0, $"Outside their chart at {width}: {outside}");
        string overlapping = await TextAsync(browser, $$"""
            {{Charts}}.flatMap(chart => {
              const texts = [...chart.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
              const common = (a, b, from, to) => Math.min(a[to], b[to]) - Math.max(a[from], b[from]);
              const meet = (a, b) => common(a, b, 'left', 'right') > 1 && common(a, b, 'top', 'bottom') > 4;
              return texts.flatMap(([one, a], i) => texts.slice(i + 1).filter(([, b]) => meet(a, b)).map(([two]) => one + ' / ' + two));
            }).join('; ')
            """);
        Assert.True(overlapping.Length == 0, $"Text on text at {width}: {overlapping}");
    }

    public static async Task<int> CountAsync(HeadlessChromium browser, string list) => await NumberAsync(browser, $"({list}).length");

    private static async Task<int> NumberAsync(HeadlessChromium browser, string expression) =>
        (int)((JsonValue)(await browser.EvaluateAsync(expression))!).GetValue<double>();

    private static async Task<string> TextAsync(HeadlessChromium browser, string expression) =>
        (string?)await browser.EvaluateAsync(expression) ?? "";
}
