using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MLSieve.Tests;

/// <summary>
/// A real browser without a window, spoken to by its DevTools protocol. It keeps what the page asked the network for and what went wrong in
/// it.
/// </summary>
internal sealed class HeadlessChromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly List<string> _requests = [];
    private readonly List<string> _faults = [];
    private int _commands;

    private HeadlessChromium(Process process, string profile) => (_process, _profile) = (process, profile);

    /// <summary>The addresses that the page has asked for, its own first.</summary>
    public IReadOnlyList<string> Requests => _requests;

    /// <summary>Script errors, console messages and the browser's own complaints.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Starts the browser; skips the test, and says what to do, where there is none.</summary>
    public static async Task<HeadlessChromium> StartAsync()
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "There is no Chromium on the PATH; build/install-chromium.sh installs it.");
        string profile = Directory.CreateTempSubdirectory("chromium-").FullName;
        var start = new ProcessStartInfo(path!) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in new[]
        {
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-dev-shm-usage",
            "--remote-debugging-port=0",
            "--user-data-dir=" + profile,
            "about:blank",
        })
            start.ArgumentList.Add(argument);
        var browser = new HeadlessChromium(Process.Start(start)!, profile);
        browser._process.BeginErrorReadLine();
        browser._process.BeginOutputReadLine();
        try
        {
            await browser.ConnectAsync();
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }

        return browser;
    }

    /// <summary>Opens a file at a size in CSS pixels.</summary>
    public async Task OpenAsync(string file, int width, int height, bool dark = false)
    {
        await SendAsync(
            "Emulation.setDeviceMetricsOverride",
            new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
        await SendAsync(
            "Emulation.setEmulatedMedia",
            new JsonObject
            {
                ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }),
            });
        await SendAsync("Page.navigate", new JsonObject { ["url"] = new Uri(file).AbsoluteUri });
        await WaitUntilAsync("document.readyState === 'complete' && location.protocol === 'file:'");
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode result = await SendAsync(
            "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.True(result["exceptionDetails"] is null, result.ToJsonString());
        return result["result"]!["value"];
    }

    /// <summary>The whole page as a PNG.</summary>
    public async Task<byte[]> ScreenshotAsync() =>
        Convert.FromBase64String(
            (string)(await SendAsync("Page.captureScreenshot", new JsonObject { ["captureBeyondViewport"] = true }))["data"]!);

    /// <summary>The page as it prints.</summary>
    public async Task<byte[]> PrintAsync() =>
        Convert.FromBase64String((string)(await SendAsync("Page.printToPDF", new JsonObject { ["printBackground"] = true }))["data"]!);

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // A child process may still be writing its last files.
        }
    }

    private async Task ConnectAsync()
    {
        string portFile = Path.Combine(_profile, "DevToolsActivePort");
        var clock = Stopwatch.StartNew();
        while (!File.Exists(portFile) || File.ReadAllLines(portFile).Length < 2)
        {
            Assert.True(clock.Elapsed < Patience && !_process.HasExited, "Chromium did not start.");
            await Task.Delay(50);
        }

        using var http = new HttpClient();
        string targets = await http.GetStringAsync($"http://127.0.0.1:{File.ReadAllLines(portFile)[0]}/json/list");
        string page = JsonNode.Parse(targets)!
            .AsArray()
            .Select(target => target!)
            .First(target => (string?)target["type"] == "page")["webSocketDebuggerUrl"]!.GetValue<string>();
        await _socket.ConnectAsync(new Uri(page), CancellationToken.None);
        foreach (string domain in new[] { "Page", "Runtime", "Network", "Log" }) await SendAsync(domain + ".enable", []);
    }

    private async Task WaitUntilAsync(string condition)
    {
        var clock = Stopwatch.StartNew();
        while ((bool?)await EvaluateAsync(condition) != true)
        {
            Assert.True(clock.Elapsed < Patience, $"The page never reached: {condition}");
            await Task.Delay(50);
        }
    }

    private async Task<JsonNode> SendAsync(string method, JsonObject parameters)
    {
        using var limit = new CancellationTokenSource(Patience);
        int id = ++_commands;
        await _socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters }),
            WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            JsonNode message = await ReceiveAsync(limit.Token);
            if ((int?)message["id"] == id)
                return message["result"] ?? throw new InvalidOperationException($"{method}: {message.ToJsonString()}");
            Note(message);
        }
    }

    private void Note(JsonNode message)
    {
        switch ((string?)message["method"])
        {
            case "Network.requestWillBeSent": _requests.Add((string)message["params"]!["request"]!["url"]!); break;
            case "Runtime.exceptionThrown" or "Runtime.consoleAPICalled" or "Log.entryAdded": _faults.Add(
                message["params"]!.ToJsonString()); break;
        }
    }

    private async Task<JsonNode> ReceiveAsync(CancellationToken cancellation)
    {
        using var text = new MemoryStream();
        var buffer = new byte[1 << 16];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            text.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(text.ToArray())!;
    }
}
