using System.Diagnostics;
using Microsoft.ML.EarlyReadout;
using Npgsql;

namespace MLSieve.Tests;

/// <summary>
/// A PostgreSQL server of the tests' own, made from Debian's binaries: on a socket in a temporary folder, and with fsync on, as by default.
/// PostgreSQL refuses root, so under root it runs as Debian's user for it.
/// </summary>
public sealed class PostgreSqlServer : IDisposable
{
    /// <summary>What the user 'guarded' must say; all others may come in.</summary>
    public const string GuardedPassword = "hunter2";
    private const string User = "postgres";
    private readonly string _folder = "";
    private readonly string? _missing;
    private int _schemas;

    public PostgreSqlServer()
    {
        _missing = Missing();
        if (_missing is not null) return;
        _folder = Directory.CreateTempSubdirectory("pg-").FullName;
        if (Environment.IsPrivilegedProcess) Run("chown", User, _folder);
        RunAsUser("initdb", "-D", Data, "-U", User, "--auth=trust", "--encoding=UTF8", "--no-sync");
        Start();
        Execute($"create role guarded login password '{GuardedPassword}'; revoke create on schema public from public");
        File.WriteAllText(Path.Combine(Data, "pg_hba.conf"), "local all guarded scram-sha-256\nlocal all all trust\n");
        RunAsUser("pg_ctl", "-D", Data, "reload");
    }

    /// <summary>A connection to a database; skips the test where PostgreSQL is not installed.</summary>
    public string ConnectionString(string database, string user = User)
    {
        Assert.SkipWhen(_missing is not null, _missing ?? "");
        return $"Host={_folder};Database={database};Username={user}";
    }

    /// <summary>Makes an empty schema, which is as good as a database, and whose few files are soon mended after a crash.</summary>
    /// <returns>A connection to it.</returns>
    public string NewSchema()
    {
        string name = FormattableString.Invariant($"test{Interlocked.Increment(ref _schemas)}");
        Execute($"create schema {name}");
        return $"{ConnectionString(User)};Search Path={name}";
    }

    /// <summary>Runs a statement beside the stores, as another program would.</summary>
    public void Execute(string sql)
    {
        using var connection = new NpgsqlConnection($"{ConnectionString(User)};Pooling=false");
        connection.Open();
        connection.Execute(sql);
    }

    /// <summary>Starts it and waits until it answers.</summary>
    public void Start() =>
        RunAsUser("pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-w", "-o", $"-k {_folder} -c listen_addresses=''", "start");

    /// <summary>Ends it as a crash does: what is in its hands is lost, what it has committed is not.</summary>
    public void Crash() => RunAsUser("pg_ctl", "-D", Data, "-m", "immediate", "stop");

    public void Dispose()
    {
        if (_missing is not null) return;
        Crash();
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private static string? Binaries { get; } = new DirectoryInfo("/usr/lib/postgresql") is { Exists: true } versions
        ? versions.EnumerateDirectories()
            .Select(version => $"{version.FullName}/bin")
            .Order()
            .LastOrDefault(bin => File.Exists($"{bin}/initdb"))
        : null;

    private static string? Missing()
    {
        if (Binaries is null) return "PostgreSQL is not installed (Debian's package 'postgresql' has it).";
        bool isUser = File.ReadLines("/etc/passwd").Any(line => line.StartsWith($"{User}:", StringComparison.Ordinal));
        return Environment.IsPrivilegedProcess && !isUser ? $"PostgreSQL does not run as root, and there is no user {User}." : null;
    }

    private static void RunAsUser(string program, params string[] arguments)
    {
        string path = Path.Combine(Binaries!, program);
        if (Environment.IsPrivilegedProcess) Run("setpriv", ["--reuid", User, "--regid", User, "--init-groups", path, .. arguments]);
        else Run(path, arguments);
    }

    private static void Run(string program, params string[] arguments)
    {
        // The server inherits what it is started with, so nothing waits for the end of its output.
        var start = new ProcessStartInfo("sh") { WorkingDirectory = Path.GetTempPath() };
        string output = Path.GetTempFileName();
        foreach (string argument in (string[])["-c", "exec \"$@\" > \"$0\" 2>&1 < /dev/null", output, program, .. arguments])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        process.WaitForExit();
        string said = File.ReadAllText(output);
        File.Delete(output);
        if (process.ExitCode == 0) return;
        throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}");
    }
}
