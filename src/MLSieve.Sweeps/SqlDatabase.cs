using System.Data.Common;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>What differs between the databases that can hold trials.</summary>
internal abstract class SqlDatabase
{
    /// <summary>The store as messages name it, without any password.</summary>
    public abstract string Name { get; }

    /// <summary>SQL: the database's own time, in whole milliseconds since 1970.</summary>
    public abstract string Clock { get; }

    /// <summary>
    /// SQL at the end of a query: holds the row that it finds, and passes over rows that others hold. Empty where one writes at a time.
    /// </summary>
    public abstract string SkipLocked { get; }

    /// <summary>Opens a connection.</summary>
    public abstract DbConnection Connect();

    /// <summary>Lets go of the connections that are kept open: they may have broken with the one that did.</summary>
    public abstract void Forget();

    /// <summary>Whether our tables are there.</summary>
    /// <exception cref="TrialStoreException">They are not, and tables of others say that this is no place for them.</exception>
    public abstract bool HasTables(DbConnection connection);

    /// <summary>Begins a transaction in which nobody else makes tables.</summary>
    public abstract DbTransaction BeginSchema(DbConnection connection);

    /// <summary>Whether a fault may pass by itself.</summary>
    public abstract bool IsTransient(Exception fault);

    /// <summary>What the database said, and what to do about it, in sentences.</summary>
    public abstract string Explain(Exception fault);
}
