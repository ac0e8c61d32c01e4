using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MLSieve.Tests;

/// <summary>The libraries' source files, and what those of Microsoft.ML.EarlyReadout use of each other.</summary>
internal static class LibrarySource
{
    private const string Library = "Microsoft.ML.EarlyReadout";

    private static readonly SymbolDisplayFormat _short = SymbolDisplayFormat.CSharpShortErrorMessageFormat;

    /// <summary>The names of all libraries.</summary>
    public static IReadOnlyList<string> Libraries { get; } =
        [.. Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(folder => Path.GetFileName(folder)).Order()];

    /// <summary>Every use by a file of a type of another file, or of a member of one, by its name in the code; what only comments name is
    /// none.</summary>
    public static IReadOnlyList<Arrow> Arrows()
    {
        CSharpCompilation compilation = Compilation(Library);
        return [.. compilation.SyntaxTrees.SelectMany(tree => ArrowsFrom(tree, compilation.GetSemanticModel(tree))).Distinct()];
    }

    private static IEnumerable<Arrow> ArrowsFrom(SyntaxTree tree, SemanticModel model) =>
        from name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
        let symbol = Declared(model.GetSymbolInfo(name))
        where symbol is not null
        from declaration in symbol.DeclaringSyntaxReferences
        where declaration.SyntaxTree != tree
        select new Arrow(tree.FilePath, declaration.SyntaxTree.FilePath, symbol.ToDisplayString(_short));

    private static ISymbol? Declared(SymbolInfo info)
    {
        ISymbol? symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
        if (symbol is IMethodSymbol { ReducedFrom: { } extension }) symbol = extension;
        return symbol is INamedTypeSymbol || symbol?.ContainingType is not null ? symbol.OriginalDefinition : null;
    }

    /// <summary>A library from its source alone; code that is generated while it is built is not there, and what uses it does not bind,
    /// which takes no type of the library along.</summary>
    public static CSharpCompilation Compilation(string library)
    {
        string root = Path.Combine(Repository.Root, "src", library);
        var parsing = new CSharpParseOptions(LanguageVersion.Latest);
        const string usings = "global using System; global using System.Collections.Generic; global using System.IO; "
            + "global using System.Linq; global using System.Threading; global using System.Threading.Tasks; "
            + "global using Microsoft.ML.EarlyReadout.Networks; global using Microsoft.ML.EarlyReadout.Search; "
            + "global using Microsoft.ML.EarlyReadout.Training;";
        IEnumerable<SyntaxTree> trees = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(file => !file.StartsWith("obj/", StringComparison.Ordinal) && !file.StartsWith("bin/", StringComparison.Ordinal))
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(root, file)), parsing, file));
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) != library)
            .Select(path => MetadataReference.CreateFromFile(path));
        return CSharpCompilation.Create(
            library,
            [.. trees, CSharpSyntaxTree.ParseText(usings, parsing, "usings")],
            references,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }
}
