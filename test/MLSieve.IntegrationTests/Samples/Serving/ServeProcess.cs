using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MLSieve.Tests;

/// <summary>samples/Serve as a process of its own, at a port that is free.</summary>
internal sealed partial class ServeProcess : IAsyncDisposable
{
    // samples/Serve has the same folders as this project: NAME/bin/CONFIGURATION/FRAMEWORK/.
    private static readonly string _program = Path.Combine(
        AppContext.BaseDirectory.Replace(
            Path.Combine("test", "MLSieve.IntegrationTests"), Path.Combine("samples", "Serve"), StringComparison.Ordinal),
        "Serve.dll");

    private readonly Process _process;
    private readonly Task<string> _errors;

    private ServeProcess(Process process, Task<string> errors, Uri address)
    {
        (_process, _errors) = (process, errors);
        Client = new HttpClient { BaseAddress = address };
    }

    public HttpClient Client { get; }

    /// <summary>Mebibytes of memory that the process has for itself: no mapped files among them.</summary>
    public double PrivateMebibytes => double.Parse(
        AnonymousMemory().Match(File.ReadAllText($"/proc/{_process.Id}/status")).Groups[1].Value, CultureInfo.InvariantCulture) / 1024;

    /// <summary>The files that it has mapped: assemblies and native libraries.</summary>
    public string MappedFiles => File.ReadAllText($"/proc/{_process.Id}/maps");

    /// <summary>Starts it, and waits until it listens.</summary>
    /// <param name="temporary">Its folder for temporary files.</param>
    /// <param name="arguments">Its options.</param>
    public static async Task<ServeProcess> StartAsync(string temporary, params string[] arguments)
    {
        ProcessStartInfo start = Command(temporary, arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (Listening().Match(line) is not { Success: true } match) continue;
            _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
            return new ServeProcess(process, errors, new Uri(match.Groups[1].Value));
        }

        throw new InvalidOperationException($"The server did not start. {await errors}");
    }

    /// <summary>Starts it with options that it refuses.</summary>
    /// <returns>What it said.</returns>
    public static async Task<string> RefusalAsync(string temporary, params string[] arguments)
    {
        using ChildProcess process = ChildProcess.Start(Command(temporary, arguments));
        (int code, string output, string errors) = await process.EndAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, code);
        return errors + output;
    }

    /// <summary>Sends the bytes of a file.</summary>
    public async Task<HttpResponseMessage> SendAsync(string path, byte[] bytes, string type = "image/png")
    {
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return await Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }

    /// <summary>Sends something bad.</summary>
    /// <returns>The status, and the reason that the answer gives.</returns>
    public async Task<(int Status, string Reason)> RefusedAsync(string path, byte[] bytes, string type = "image/png")
    {
        using HttpResponseMessage response = await SendAsync(path, bytes, type);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        JsonElement problem = JsonElement.Parse(body);
        return ((int)response.StatusCode, problem.TryGetProperty("detail", out JsonElement detail) ? detail.GetString()! : "");
    }

    /// <summary>Gets a page.</summary>
    public async Task<string> GetAsync(string path) =>
        await Client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>Asks it to stop, as a container's host does, and waits for its end.</summary>
    public async Task<int> StopAsync()
    {
        ChildProcess.Send(_process.Id, "TERM");
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        await _errors;
        _process.Dispose();
    }

    private static ProcessStartInfo Command(string temporary, string[] arguments)
    {
        Assert.True(File.Exists(_program), $"'{_program}' is missing; building this project builds it.");
        return new ProcessStartInfo("dotnet", [_program, "--urls", "http://127.0.0.1:0", .. arguments])
        {
            WorkingDirectory = temporary,
            Environment = { ["TMPDIR"] = temporary, ["ORT_DISABLE_TELEMETRY"] = "1" },
        };
    }

    [GeneratedRegex(@"Now listening on: (\S+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"RssAnon:\s+(\d+) kB")]
    private static partial Regex AnonymousMemory();
}
