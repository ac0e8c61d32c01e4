using Microsoft.CodeAnalysis;

namespace MLSieve.Tests;

/// <summary>Public types are sorted by who uses them, as CONTRIBUTING.md says.</summary>
public sealed class NamespaceTests
{
    private const string Root = "Microsoft.ML.EarlyReadout";

    private static readonly Lazy<IReadOnlyList<INamedTypeSymbol>> _public = new(() =>
    [
        .. LibrarySource.Compilation(Root).GetSymbolsWithName(_ => true, SymbolFilter.Type).OfType<INamedTypeSymbol>()
            .Where(type => type is { ContainingType: null, DeclaredAccessibility: Accessibility.Public }),
    ]);

    [Fact]
    public void A_layer_or_network_is_in_Networks() =>
        Assert.Empty(Names(_public.Value.Where(IsModule), type => NamespaceOf(type) != $"{Root}.Networks"));

    [Fact]
    public void What_belongs_to_a_search_is_in_Search() =>
        Assert.Empty(Names(_public.Value.Where(type => FileOf(type).StartsWith("Search/", StringComparison.Ordinal)),
            type => NamespaceOf(type) != $"{Root}.Search"));

    [Fact]
    public void What_only_authors_of_methods_and_networks_need_is_not_beside_what_everybody_needs() =>
        Assert.Empty(Names(
            _public.Value.Where(type => type.GetAttributes().Any(each => each.AttributeClass?.Name == "ExperimentalAttribute"
                && each.ConstructorArguments[0].Value is "MLSIEVE001" or "MLSIEVE002" or "MLSIEVE003")),
            type => NamespaceOf(type) == Root));

    [Fact]
    public void Every_public_namespace_is_in_the_table_of_CONTRIBUTING()
    {
        string[] rows = File.ReadAllLines(Path.Combine(Repository.Root, "CONTRIBUTING.md"));
        Assert.All(_public.Value.Select(NamespaceOf).Distinct(),
            name => Assert.Contains(rows, row => row.StartsWith($"| `{name}` |", StringComparison.Ordinal)));
    }

    private static string[] Names(IEnumerable<INamedTypeSymbol> types, Func<INamedTypeSymbol, bool> isWrong)
    {
        INamedTypeSymbol[] all = [.. types];
        Assert.NotEmpty(all);
        return [.. all.Where(isWrong).Select(type => type.ToDisplayString()).Order()];
    }

    private static string NamespaceOf(INamedTypeSymbol type) => type.ContainingNamespace.ToDisplayString();

    private static string FileOf(INamedTypeSymbol type) => type.DeclaringSyntaxReferences[0].SyntaxTree.FilePath;

    private static bool IsModule(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? each = type.BaseType; each is not null; each = each.BaseType)
            if (each.Name == "Module") return true;
        return false;
    }
}
