using Microsoft.Data.Sqlite;

namespace MLSieve.Tests;

/// <summary>A SQLite file in a folder of its own, gone when disposed.</summary>
public sealed class TemporaryFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trial-store-").FullName;

    public string Path => System.IO.Path.Combine(_folder, "search.db");

    /// <summary>A connection beside the stores', as another program would have it.</summary>
    public SqliteConnection Connect() => Connect(Path);

    public static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}
