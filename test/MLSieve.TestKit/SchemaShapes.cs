using System.Reflection;
using Microsoft.ML;

namespace MLSieve.Tests;

/// <summary>The shape of a schema, which ML.NET computes itself but shows to nobody.</summary>
internal static class SchemaShapes
{
    private static readonly MethodInfo _create = typeof(SchemaShape).GetMethod(
        "Create", BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Static, [typeof(DataViewSchema)])!;

    public static SchemaShape Of(DataViewSchema schema) => (SchemaShape)_create.Invoke(null, [schema])!;
}
