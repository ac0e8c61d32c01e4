namespace MLSieve.Tests;

/// <summary>Tests that share one PostgreSQL server, one after the other: some end it.</summary>
[CollectionDefinition(Name)]
public sealed class PostgreSqlGroup : ICollectionFixture<PostgreSqlServer>
{
    public const string Name = "PostgreSQL";
}
