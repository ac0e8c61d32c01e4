using System.Data.Common;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>Runs statements with named values.</summary>
internal static class DbConnectionExtensions
{
    /// <summary>Runs a statement.</summary>
    /// <returns>The number of rows that it changed.</returns>
    public static int Execute(this DbConnection connection, string sql, params (string Name, object Value)[] values)
    {
        using DbCommand command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>Runs a statement and reads its rows to the end: only there has SQLite committed what the statement changed.</summary>
    public static List<T> Query<T>(
        this DbConnection connection, string sql, Func<DbDataReader, T> read, params (string Name, object Value)[] values)
    {
        using DbCommand command = Command(connection, sql, values);
        using DbDataReader reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    private static DbCommand Command(DbConnection connection, string sql, (string Name, object Value)[] values)
    {
        DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in values)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value is string text ? text.Replace("\0", "", StringComparison.Ordinal) : value; // PostgreSQL takes no zeros
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
